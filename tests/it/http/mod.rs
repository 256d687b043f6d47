//! The HTTP face, seen from outside.

#[cfg(test)]
mod address;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod pages;
mod view;
