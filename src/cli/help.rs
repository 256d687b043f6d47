//! `help`: on a command, or on what concerns them all.

use clap::Command;

use super::{
    args,
    ctx::Ctx,
    failure::{Done, Failure},
};

const EXIT_CODES: &str = "\
Exit codes of mcpcodex:

    0  done
    1  failed
    2  the command or its input cannot be right, or a question could not be asked
    3  what was named does not exist
    4  not permitted: wrong master key, or a data folder that others can read
    5  conflict: it exists already, or its state does not allow the change
    6  a check found problems (`config check`, `doctor`, `db check`, `audit verify`)
    7  the database is busy; try again
    8  `auth validate`: well formed but not valid
  130  cancelled

With --json an error is one line on stderr: {\"error\":{\"code\",\"message\",\"next\"}}.
";

const ENVIRONMENT: &str = "\
Variables that mcpcodex reads; they win over the file:

  MCPCODEX_DATA_DIR      folder of the database and the keys
  MCPCODEX_MASTER_KEY    seals what is kept at rest: 64 hex digits or base64; else DIR/master.key
  SESSION_SECRET         signs session cookies, at least 32 bytes; else it is derived from the master key
  AUTH_ISSUER            the provider that people sign in with, and our own URL when it is this server
  AUTH_CLIENT_ID         our client there
  AUTH_CLIENT_SECRET     its secret
  MCPCODEX_CLIENT_SECRET the secret of the client that `mcpcodex token` asks as
  AUTH_REDIRECT_URI      where the provider sends the browser back to
  TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM, TWILIO_BASE_URL    codes by SMS
  SENDGRID_API_KEY, SENDGRID_BASE_URL, SMTP_URL, MAIL_FROM               e-mail
  MCPCODEX__SECTION__KEY any key of the file, for example MCPCODEX__SERVER__LISTEN=127.0.0.1:9000
  NO_COLOR, TERM=dumb    no colour

In the file ${NAME} and ${NAME:-default} stand for the environment.
`mcpcodex config show --origin` tells where each value came from.
";

const FORMATS: &str = "\
What mcpcodex prints:

  stdout is data, stderr is talk. On a terminal tables are aligned; into a pipe goes one tab between two values.

  --json          one JSON document. Fields are only ever added; `mcpcodex version --field schema` is the number that grows
                  when one is taken away or means something else
  --jsonl         a list as one document a line
  --field NAME    one field of each thing, alone on its line; a dot leads into it: server.url
  --no-headers    tables without their first line
  --out FILE      into a new file that its owner alone can read, instead of stdout
  --quiet         only what was asked for and what failed
  --dry-run       judged for real and rolled back: what would be recorded, exit code as it would be

Times are RFC 3339 in UTC. Spans are written 30m, 24h, 90d. A secret is printed once, alone on stdout, so that
KEY=$(mcpcodex apikey create …) takes it up.
Names that others chose are freed of everything that a terminal would act on.
";

const SECURITY: &str = "\
What to know about secrets and this program:

  No secret stands in an argument: --password-stdin, --stdin, and files are read instead; `mcpcodex auth validate -` reads a token.
  A generated secret is shown once. --out FILE writes it for its owner alone.
  The data folder has mode 0700 and its files 0600; anything wider is refused with the chmod that mends it.
  master.key opens what is sealed. Keep a copy of it apart from the copies that `mcpcodex db backup` makes.
  Every act is recorded with who did it: `mcpcodex audit list`. `mcpcodex audit verify` tells whether the record is whole.
  Whoever may run mcpcodex on the data folder is the operator: there is no sign-in on this side.

When something happened:
  mcpcodex user lock NAME               shut a person out, now
  mcpcodex session revoke --all         end everything that is signed in
  mcpcodex apikey rotate --stdin --leaked   a key that was found where it should not be
  mcpcodex key retire KID               a signing key in wrong hands
  mcpcodex audit show REFERENCE         why something was refused
";

/// `help`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A command, `exit-codes`, `environment`, `formats` or `security`
    topic: Vec<String>,
}

/// Runs it.
pub fn run(ctx: &Ctx, args: &Args) -> Done {
    let words: Vec<&str> = args.topic.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["exit-codes"] => ctx.out.text(EXIT_CODES),
        ["environment"] => ctx.out.text(ENVIRONMENT),
        ["formats"] => ctx.out.text(FORMATS),
        ["security"] => ctx.out.text(SECURITY),
        path => {
            let mut root = args::tree();
            root.build();
            let mut command = find(&root, path)?.clone();
            let help = command.render_long_help();
            let text = if ctx.out.color { help.ansi().to_string() } else { help.to_string() };
            ctx.out.text(&text)
        }
    }
}

fn find<'c>(root: &'c Command, path: &[&str]) -> Result<&'c Command, Failure> {
    path.iter().try_fold(root, |command, word| {
        command.find_subcommand(word).ok_or_else(|| {
            let near = command
                .get_subcommands()
                .map(|sub| (strsim::jaro_winkler(sub.get_name(), word), sub.get_name()))
                .filter(|(likeness, _)| *likeness > 0.7)
                .max_by(|(one, _), (other, _)| one.total_cmp(other));
            let failure = Failure::usage(format!("there is no help on \"{word}\""));
            match near {
                Some((_, name)) => failure.with_next(format!("did you mean {name}?")),
                None => failure.with_next("mcpcodex help"),
            }
        })
    })
}
