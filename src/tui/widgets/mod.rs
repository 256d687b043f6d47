//! What several screens are made of; what they show is given to them.

pub mod chrome;
pub mod dialog;
pub mod enroll;
pub mod flow;
pub mod form;
pub mod handed;
pub mod help;
pub mod palette;
pub mod story;
pub mod table;
