//! The HTTP face, seen from outside.

mod account;
mod address;
mod api;
mod api_key;
mod brand;
mod confirm;
mod courier;
mod csrf;
mod demo;
mod enrolment;
mod headers;
mod language;
mod mfa_verify;
mod notices;
mod oauth;
mod pages;
mod passkey;
mod provider;
mod reset;
mod second_factor;
mod strength;
mod texts;
mod tls;
mod verify;
mod view;
