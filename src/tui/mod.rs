//! The console: a pure core (`app`, `act`, `view`), and around it what touches the world (`run`, `worker`, `terminal`).
//! What an act means is for `ops`; the console never says more to the database than the command line does.

pub mod act;
pub mod action;
pub mod app;
pub mod canvas;
pub mod clipboard;
pub mod confirm;
pub mod enroll;
mod finding;
pub mod form;
pub mod handed;
pub mod input;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod list;
pub mod live;
pub mod log;
mod mouse;
pub mod msg;
pub mod palette;
pub mod plain;
pub mod qr;
pub mod run;
pub mod screens;
pub mod search;
pub mod secret;
pub mod secrets;
pub mod shown;
pub mod story;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod toast;
pub mod view;
pub mod wait;
pub mod widgets;
pub mod worker;

pub use run::{Opened, run};
pub use worker::World;
