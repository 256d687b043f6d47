//! The HTTP face, seen from outside.

mod address;
mod courier;
mod csrf;
mod demo;
mod headers;
mod language;
mod oauth;
mod pages;
mod texts;
mod view;
