//! The HTTP face, seen from outside.

#[cfg(test)]
mod csrf;
mod demo;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod pages;
mod view;
