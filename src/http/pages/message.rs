//! What pages say about a code that was sent. Sending it is left to the outbox: no page waits for a carrier.

use std::time::Duration;

use crate::{
    app::App,
    error::Result,
    http::view::Sending,
    model::{id::MessageId, message::State},
    ops,
};

/// How long a page is kept back so that it can say what became of the code.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often the outbox is asked meanwhile.
const STEP: Duration = Duration::from_millis(50);

/// Waits until a message is settled, but not for long; how far it has come then.
pub async fn settled(app: &App, id: &MessageId) -> Result<Sending> {
    let begun = std::time::Instant::now();
    loop {
        let state = app.db.read(|r| ops::outbox::state(r, id))?;
        let is_over = state.is_none_or(State::is_final);
        if is_over || begun.elapsed() >= PATIENCE {
            return Ok(state.map_or(Sending::Unknown, sending));
        }
        tokio::time::sleep(STEP).await;
    }
}

/// The state of a message in the words of the pages.
pub fn sending(state: State) -> Sending {
    match state {
        State::Queued | State::Sending => Sending::Underway,
        State::Sent => Sending::Sent,
        State::Failed | State::Expired => Sending::Failed,
        State::Unknown => Sending::Unknown,
    }
}
