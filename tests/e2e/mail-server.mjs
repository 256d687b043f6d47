// A mail server for the tests: says where it listens, then prints each mail with its envelope, one JSON a line.
import { readFileSync } from "node:fs";
import { SMTPServer } from "smtp-server";

const options = JSON.parse(process.argv[2] ?? "{}");
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const tls = options.key ? { key: readFileSync(options.key), cert: readFileSync(options.cert) } : {};
const refused = (code, message) => Object.assign(new Error(message), { responseCode: code });

const server = new SMTPServer({
  ...tls,
  secure: options.secure ?? false,
  disabledCommands: options.disabled ?? [],
  authOptional: !options.user,
  allowInsecureAuth: !options.key,
  onAuth(auth, session, done) {
    const right = auth.username === options.user && auth.password === options.password;
    done(right ? null : refused(535, "5.7.8 authentication credentials invalid"), { user: auth.username });
  },
  onRcptTo(address, session, done) {
    const code = options.recipients?.[address.address];
    done(code ? refused(code, `no thanks, code 493817, ${address.address}`) : null);
  },
  onData(stream, session, done) {
    let text = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => (text += chunk));
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope;
      say({
        from: mailFrom.address,
        to: rcptTo.map((one) => one.address),
        user: session.user ?? null,
        secure: session.secure,
        text,
      });
      // Never an answer: the client cannot know what became of the mail.
      if (!options.silent) done(null, "queued as MAIL-1");
    });
  },
});
server.on("error", (error) => process.stderr.write(`${error}\n`));
server.listen(0, "127.0.0.1", () => say({ port: server.server.address().port }));
