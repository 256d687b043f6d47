//! Wrong files are refused with line, column, key and what would be right.

use super::load;

/// The text, then line, column and path of its one mistake, and how the message begins.
type Case = (&'static str, (usize, usize), &'static str, &'static str);

fn check(cases: &[Case]) {
    let wrong: Vec<_> = cases.iter().filter_map(|case| mismatch(case).err()).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} differ\n\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n")
    );
}

fn mismatch((text, place, path, message): &Case) -> Result<(), String> {
    let Err(problems) = load(text) else { return Err(format!("{text}\nis taken")) };
    let mut each = problems.iter();
    let (Some(problem), None) = (each.next(), each.next()) else {
        return Err(format!("{text}\nhas more than one mistake:\n{problems}"));
    };
    let found = (problem.line.unwrap_or(0), problem.column.unwrap_or(0));
    let same = found == *place
        && problem.path == *path
        && problem.message.starts_with(message)
        && problem.source.as_deref() == Some("auth.config.yaml");
    if same {
        Ok(())
    } else {
        Err(format!("{text}\nexpected {place:?} {path}: {message}\n{problem}"))
    }
}

#[test]
fn impossible_yaml_is_refused_where_it_stands() {
    check(&[
        ("server: [", (1, 10), "", "not valid YAML: "),
        ("server:\n  listen: \"127.0.0.1:1", (2, 11), "", "not valid YAML: "),
        ("server:\n\tlisten: x", (2, 2), "", "not valid YAML: "),
        (
            "logging: {level: info}\nlogging: {level: warn}",
            (2, 1),
            "",
            "`logging` is given twice; first on line 1",
        ),
        (
            "server:\n  listen: a\n  listen: b",
            (3, 3),
            "",
            "`listen` is given twice; first on line 2",
        ),
        ("a: &x 1\nb: *x", (1, 4), "", "anchors, aliases and merge keys are not used"),
        ("server:\n  <<: {listen: a}", (2, 3), "", "anchors, aliases"),
        ("server: !!map {}", (1, 9), "", "YAML tags are not used here"),
        ("? [a]\n: b", (1, 3), "", "a key must be plain text"),
        ("server: {}\n---\nmail: {}", (3, 1), "", "a second document begins here"),
        ("just text", (1, 1), "", "must be a mapping"),
        ("- server", (1, 1), "", "must be a mapping"),
        ("server:\n  public_url: ${", (2, 15), "", "`${` is never closed"),
        ("server:\n  public_url: ${1X}", (2, 15), "", "`${1X}` is no variable"),
    ]);
}

#[test]
fn unknown_keys_are_refused_with_what_was_meant() {
    check(&[
        ("sever: {}", (1, 1), "sever", "unknown key; did you mean `server`?"),
        ("server:\n  listn: x", (2, 3), "server.listn", "unknown key; did you mean `listen`?"),
        (
            "authentication:\n  lifetime: 5",
            (2, 3),
            "authentication.lifetime",
            "unknown key; known here: primary, tokens",
        ),
        ("tokens: {}", (1, 1), "tokens", "unknown key; it belongs at `authentication.tokens`"),
        (
            "logging: {colour: true}",
            (1, 11),
            "logging.colour",
            "unknown key; known here: level, format",
        ),
        (
            "credentials: {session_secret: x}",
            (1, 1),
            "credentials",
            "secrets are not kept in the file",
        ),
        ("server: 5", (1, 9), "server", "is a section with keys below it, found 5"),
        ("server:\n- listen", (2, 3), "server", "is a section with keys below it"),
        ("1: 2", (1, 1), "1", "unknown key"),
    ]);
}

#[test]
fn wrong_types_are_refused() {
    check(&[
        (
            "authentication: {tokens: {access_token: {lifetime: soon}}}",
            (1, 52),
            "authentication.tokens.access_token.lifetime",
            "must be a whole number of seconds, found the text \"soon\"",
        ),
        (
            "authentication: {tokens: {access_token: {lifetime: 1.5}}}",
            (1, 52),
            "authentication.tokens.access_token.lifetime",
            "must be a whole number of seconds, found the number 1.5",
        ),
        (
            "authentication: {tokens: {access_token: {lifetime: \"900\"}}}",
            (1, 52),
            "authentication.tokens.access_token.lifetime",
            "must be a whole number of seconds, found the text",
        ),
        (
            "authentication:\n  tokens:\n    access_token:\n      lifetime:\n",
            (4, 7),
            "authentication.tokens.access_token.lifetime",
            "must be a whole number of seconds, found nothing; leave the key out for 900",
        ),
        (
            "authentication: {mfa: {enabled: yes}}",
            (1, 33),
            "authentication.mfa.enabled",
            "must be true or false, found the text \"yes\"",
        ),
        (
            "authentication: {primary: {scopes: openid}}",
            (1, 36),
            "authentication.primary.scopes",
            "must be a list",
        ),
        (
            "authentication: {primary: {scopes: [openid, 5]}}",
            (1, 45),
            "authentication.primary.scopes",
            "must be text in quotes, found the number 5",
        ),
        (
            "authentication: {primary: {scopes: [a, b, a]}}",
            (1, 43),
            "authentication.primary.scopes",
            "\"a\" is given twice",
        ),
        (
            "authentication: {primary: {client_id: 12}}",
            (1, 39),
            "authentication.primary.client_id",
            "must be text in quotes, found the number 12",
        ),
        (
            "authentication: {primary: {client_id: ~}}",
            (1, 28),
            "authentication.primary.client_id",
            "must be text, found nothing; leave the key out for",
        ),
        (
            "server: {listen: 8420}",
            (1, 18),
            "server.listen",
            "must be an address and a port in quotes",
        ),
        (
            "server: {listen: \"example.com:1\"}",
            (1, 18),
            "server.listen",
            "must be an address and a port such as",
        ),
        (
            "server: {trusted_proxies: [\"10.0.0.0/33\"]}",
            (1, 28),
            "server.trusted_proxies",
            "must be a network such as",
        ),
        ("server: {public_url: [a]}", (1, 22), "server.public_url", "must be a URL, found a list"),
    ]);
}

#[test]
fn numbers_out_of_bounds_are_refused() {
    check(&[
        (
            "authentication: {tokens: {access_token: {lifetime: 0}}}",
            (1, 52),
            "authentication.tokens.access_token.lifetime",
            "must be at least 1 second, found 0",
        ),
        (
            "authentication: {tokens: {access_token: {lifetime: -900}}}",
            (1, 52),
            "authentication.tokens.access_token.lifetime",
            "must be at least 1 second, found -900",
        ),
        (
            "authentication: {tokens: {id_token: {lifetime: 0}}}",
            (1, 48),
            "authentication.tokens.id_token.lifetime",
            "must be at least 1 second",
        ),
        (
            "authentication: {tokens: {refresh_token: {lifetime: 99999999999999999999}}}",
            (1, 53),
            "authentication.tokens.refresh_token.lifetime",
            "must be a whole number of seconds",
        ),
        (
            "authentication: {tokens: {refresh_token: {retry_window: 3600}}}",
            (1, 57),
            "authentication.tokens.refresh_token.retry_window",
            "must be at most 600 seconds, found 3600",
        ),
        (
            "authentication: {session: {timeouts: {idle: 0}}}",
            (1, 45),
            "authentication.session.timeouts.idle",
            "must be at least 1 second",
        ),
        (
            "authentication: {mfa: {providers: {totp: {digits: 5}}}}",
            (1, 51),
            "authentication.mfa.providers.totp.digits",
            "must be at least 6 digits, found 5",
        ),
        (
            "authentication: {mfa: {providers: {totp: {digits: 9}}}}",
            (1, 51),
            "authentication.mfa.providers.totp.digits",
            "must be at most 8 digits, found 9",
        ),
        (
            "authentication: {mfa: {providers: {totp: {period: 0}}}}",
            (1, 51),
            "authentication.mfa.providers.totp.period",
            "must be at least 15 seconds",
        ),
        (
            "authentication: {password: {complexity: {min_score: 5}}}",
            (1, 53),
            "authentication.password.complexity.min_score",
            "must be at most 4, found 5",
        ),
        (
            "authentication: {password: {complexity: {min_score: -1}}}",
            (1, 53),
            "authentication.password.complexity.min_score",
            "must be at least 0, found -1",
        ),
        (
            "authentication: {password: {lockout: {max_attempts: 0}}}",
            (1, 53),
            "authentication.password.lockout.max_attempts",
            "must be at least 1, found 0",
        ),
        (
            "authentication: {password: {lockout: {lockout_duration: 0}}}",
            (1, 57),
            "authentication.password.lockout.lockout_duration",
            "must be at least 1 second",
        ),
        (
            "authentication: {api_keys: {rate_limiting: {burst_size: 0}}}",
            (1, 57),
            "authentication.api_keys.rate_limiting.burst_size",
            "must be at least 1, found 0",
        ),
        (
            "authentication: {api_keys: {length: 23}}",
            (1, 37),
            "authentication.api_keys.length",
            "must be at least 24 characters, found 23",
        ),
        (
            "authentication: {api_keys: {length: 129}}",
            (1, 37),
            "authentication.api_keys.length",
            "must be at most 128 characters, found 129",
        ),
        (
            "limits: {hashing_queue: -1}",
            (1, 25),
            "limits.hashing_queue",
            "must be at least 0, found -1",
        ),
    ]);
}

#[test]
fn words_and_texts_that_mean_nothing_are_refused() {
    check(&[
        (
            "authentication: {tokens: {access_token: {algorithm: RS265}}}",
            (1, 53),
            "authentication.tokens.access_token.algorithm",
            "must be one of RS256, PS256, ES256, EdDSA, found \"RS265\"; did you mean RS256?",
        ),
        (
            "authentication: {tokens: {access_token: {algorithm: none}}}",
            (1, 53),
            "authentication.tokens.access_token.algorithm",
            "must be one of RS256",
        ),
        (
            "authentication: {primary: {pkce: {code_challenge_method: plain}}}",
            (1, 58),
            "authentication.primary.pkce.code_challenge_method",
            "must be S256, found \"plain\"",
        ),
        (
            "authentication: {primary: {provider: saml}}",
            (1, 38),
            "authentication.primary.provider",
            "must be oauth2",
        ),
        (
            "authentication: {tokens: {id_token: {claims: [sub, emial]}}}",
            (1, 52),
            "authentication.tokens.id_token.claims",
            "must be one of sub, email,",
        ),
        (
            "authentication: {session: {security: {same_site: Lax}}}",
            (1, 50),
            "authentication.session.security.same_site",
            "must be one of strict, lax, none, found \"Lax\"; did you mean lax?",
        ),
        (
            "authentication: {session: {provider: redis}}",
            (1, 38),
            "authentication.session.provider",
            "must be jwt",
        ),
        (
            "authentication: {session: {cookie_name: \"my session\"}}",
            (1, 41),
            "authentication.session.cookie_name",
            "a cookie's name is",
        ),
        (
            "authentication: {session: {security: {path: auth}}}",
            (1, 45),
            "authentication.session.security.path",
            "must begin with /",
        ),
        (
            "authentication: {session: {security: {domain: \"https://a.com\"}}}",
            (1, 47),
            "authentication.session.security.domain",
            "must be a domain",
        ),
        (
            "authentication: {session: {security: {domain: \"127.0.0.1\"}}}",
            (1, 47),
            "authentication.session.security.domain",
            "must be a domain, not an address",
        ),
        (
            "authentication: {api_keys: {prefix: \"m\"}}",
            (1, 37),
            "authentication.api_keys.prefix",
            "must be 2 to 20 letters",
        ),
        (
            "authentication: {api_keys: {prefix: \"mcp-\"}}",
            (1, 37),
            "authentication.api_keys.prefix",
            "must be 2 to 20 letters",
        ),
        (
            "authentication:\n  api_keys:\n    scopes:\n      - \"read:models\"\n      - \"read models\"\n",
            (5, 9),
            "authentication.api_keys.scopes",
            "a scope is printable ASCII",
        ),
        (
            "authentication: {api_keys: {scopes: [\"\"]}}",
            (1, 38),
            "authentication.api_keys.scopes",
            "a scope must not be empty",
        ),
        (
            "authentication: {api_keys: {scopes: ['a\"b']}}",
            (1, 38),
            "authentication.api_keys.scopes",
            "a scope is printable ASCII",
        ),
        (
            "authentication: {roles: [\"Big Boss\"]}",
            (1, 26),
            "authentication.roles",
            "a role is 1 to 64 of",
        ),
        (
            "authentication: {primary: {issuer: \"https://a.com/?x=1\"}}",
            (1, 36),
            "authentication.primary.issuer",
            "an issuer has no query",
        ),
        (
            "authentication: {primary: {issuer: \"https://a.com/#x\"}}",
            (1, 36),
            "authentication.primary.issuer",
            "an issuer has no fragment",
        ),
        (
            "authentication: {primary: {issuer: \"auth.example.com\"}}",
            (1, 36),
            "authentication.primary.issuer",
            "must be a URL such as",
        ),
        (
            "server: {public_url: \"ftp://a.com\"}",
            (1, 22),
            "server.public_url",
            "must be a URL such as",
        ),
        (
            "server: {public_url: \"https://u:p@a.com\"}",
            (1, 22),
            "server.public_url",
            "must not hold a user name or password",
        ),
        (
            "authentication: {mfa: {providers: {sms: {template: \"no code here\"}}}}",
            (1, 52),
            "authentication.mfa.providers.sms.template",
            "must be text with {code}",
        ),
        (
            "authentication: {mfa: {providers: {email: {template: \"../../etc/passwd\"}}}}",
            (1, 54),
            "authentication.mfa.providers.email.template",
            "must be text with {code}",
        ),
        ("mail: {from: \"nobody\"}", (1, 14), "mail.from", "must be an address such as"),
    ]);
}

#[test]
fn keys_that_cannot_be_together_are_refused() {
    check(&[
        (
            "authentication: {session: {timeouts: {idle: 7200, absolute: 3600}}}",
            (1, 45),
            "authentication.session.timeouts.idle",
            "must not be longer than `absolute`: 7200 seconds against 3600",
        ),
        (
            "authentication: {password: {min_length: 20, max_length: 19}}",
            (1, 41),
            "authentication.password.min_length",
            "must not be more than `max_length`: 20 characters against 19",
        ),
        (
            "authentication: {tokens: {refresh_token: {max_reuse: 1}}}",
            (1, 54),
            "authentication.tokens.refresh_token.max_reuse",
            "must be 0, found 1: a spent token",
        ),
        (
            "authentication: {tokens: {refresh_token: {lifetime: 60, idle: 61}}}",
            (1, 63),
            "authentication.tokens.refresh_token.idle",
            "must not be longer than `lifetime`",
        ),
        (
            "authentication: {tokens: {id_token: {claims: [email]}}}",
            (1, 46),
            "authentication.tokens.id_token.claims",
            "must contain \"sub\"",
        ),
        (
            "authentication: {primary: {pkce: {enabled: false}}}",
            (1, 44),
            "authentication.primary.pkce.enabled",
            "must be true: OAuth 2.1 requires PKCE",
        ),
        (
            "authentication: {mfa: {required_for_roles: [admin, devloper]}}",
            (1, 52),
            "authentication.mfa.required_for_roles",
            "there is no role \"devloper\"; did you mean \"developer\"?",
        ),
        (
            "authentication: {roles: [admin]}",
            (1, 25),
            "authentication.roles",
            "\"admin\" is built in",
        ),
        (
            "authentication: {session: {security: {same_site: none}}}",
            (1, 50),
            "authentication.session.security.same_site",
            "\"none\" needs `secure: true`",
        ),
        (
            "server: {public_url: \"https://a.com\"}\nauthentication: {session: {security: {same_site: none, secure: false}}}",
            (2, 50),
            "authentication.session.security.same_site",
            "\"none\" needs",
        ),
        (
            "authentication: {session: {cookie_name: __Host-s, security: {secure: true, path: /auth}}}",
            (1, 41),
            "authentication.session.cookie_name",
            "a name with __Host- needs `path: \"/\"`",
        ),
        (
            "authentication: {session: {cookie_name: __Host-s, security: {secure: true, domain: a.com}}}",
            (1, 41),
            "authentication.session.cookie_name",
            "a name with __Host- needs",
        ),
        (
            "authentication: {session: {cookie_name: __Host-s}}",
            (1, 41),
            "authentication.session.cookie_name",
            "a name with __Host- or __Secure- needs `secure: true`",
        ),
        (
            "authentication: {session: {cookie_name: __Secure-s}}",
            (1, 41),
            "authentication.session.cookie_name",
            "a name with __Host- or __Secure-",
        ),
        (
            "authentication: {api_keys: {rotation: {rotation_period: 10, warning_period: 10}}}",
            (1, 77),
            "authentication.api_keys.rotation.warning_period",
            "must be shorter than `rotation_period`",
        ),
        (
            "authentication: {password: {hashing: {memory_kib: 15, parallelism: 2}}}",
            (1, 51),
            "authentication.password.hashing.memory_kib",
            "must be at least 16, 8 for each lane",
        ),
        (
            "server: {tls: {certificate: a.pem}}",
            (1, 29),
            "server.tls.certificate",
            "needs `server.tls.key` beside it",
        ),
        (
            "server: {tls: {key: a.pem}}",
            (1, 21),
            "server.tls.key",
            "needs `server.tls.certificate` beside it",
        ),
        (
            "authentication: {clients: {metadata_documents: domains}}",
            (1, 48),
            "authentication.clients.metadata_documents",
            "`domains` needs at least one entry",
        ),
    ]);
}

#[test]
fn the_other_key_is_named_when_only_it_is_in_the_file() {
    // `idle` has its default of 3600 and stands in no line; the mistake still names its path.
    let problems = load("authentication: {session: {timeouts: {absolute: 600}}}").unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert_eq!(problem.path, "authentication.session.timeouts.idle");
    assert!(problem.message.contains("3600 seconds against 600"), "{problem}");
    assert_eq!(problem.line, Some(1), "points at `absolute`, which was set: {problem}");
}

#[test]
fn several_mistakes_are_reported_together_in_the_order_of_the_file() {
    let text = "\
server:
  listn: x
authentication:
  tokens:
    access_token:
      lifetime: 0
      algorithm: RS265
  password:
    min_length: 20
    max_length: 10
  api_keys:
    rate_limiting: {burst_size: 0}
loging: {}
";
    let problems = load(text).unwrap_err();
    let found: Vec<_> = problems.iter().map(|p| (p.line.unwrap(), p.path.as_str())).collect();
    assert_eq!(
        found,
        [
            (2, "server.listn"),
            (6, "authentication.tokens.access_token.lifetime"),
            (7, "authentication.tokens.access_token.algorithm"),
            (9, "authentication.password.min_length"),
            (12, "authentication.api_keys.rate_limiting.burst_size"),
            (13, "loging"),
        ]
    );
    assert!(problems.to_string().ends_with("\n\n6 mistakes in the configuration"));
}

#[test]
fn refusal_of_one_key_is_not_repeated_by_a_rule_about_it() {
    let text = "authentication: {session: {timeouts: {idle: 9000, absolute: 0}}}";
    let problems = load(text).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems}");
}

#[test]
fn mistake_is_shown_with_its_line_and_a_caret() {
    let text = "authentication:\n  tokens:\n    access_token:\n      lifetime: 0     # seconds\n";
    let shown = load(text).unwrap_err().to_string();
    assert_eq!(
        shown,
        "\
auth.config.yaml:4:17: authentication.tokens.access_token.lifetime: must be at least 1 second, found 0
  |
4 |       lifetime: 0     # seconds
  |                 ^

1 mistake in the configuration"
    );
}

#[test]
fn mistake_has_a_form_for_programs() {
    let problems = load("logging: {level: loud}").unwrap_err();
    let json = serde_json::to_value(&problems).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{
            "source": "auth.config.yaml",
            "line": 1,
            "column": 18,
            "path": "logging.level",
            "message": "must be one of error, warn, info, debug, trace, found \"loud\"",
        }])
    );
}

#[test]
fn columns_count_characters_and_not_bytes() {
    let text = "mail: {from: \"\u{e4}\u{f6}\u{fc}@x.de\"}\nlogging: {\"l\u{e9}v\u{e9}l\": \"\u{65e5}\u{672c}\", level: 5}";
    let problems = load(text).unwrap_err();
    let places: Vec<_> = problems.iter().map(|p| (p.line, p.column)).collect();
    assert_eq!(places, [(Some(2), Some(11)), (Some(2), Some(33))]);
}

#[test]
fn escape_sequences_do_not_reach_the_terminal() {
    let shown = load("server: {listen: \"\\e[31mred\"} # \u{7f}").unwrap_err().to_string();
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
}

#[test]
fn hostile_files_are_refused_at_once() {
    let start = std::time::Instant::now();
    let huge = format!("# {}\n", "x".repeat(1024 * 1024));
    let deep = format!("server: {}", "[".repeat(5000));
    let deep_map = format!("server: {}1{}", "{a: ".repeat(500), "}".repeat(500));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n";
    for (text, message) in [
        (huge.as_str(), "the file is longer than the 1048576 bytes"),
        (&deep, "recursion limit exceeded"),
        (&deep_map, "nested deeper than 32 levels"),
        (bomb, "anchors, aliases and merge keys"),
    ] {
        let problems = load(text).unwrap_err();
        let shown = problems.to_string();
        assert!(shown.contains(message), "{shown}");
        assert!(shown.len() < 1000, "a refusal of {} bytes", shown.len());
    }
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.config.yaml");
    std::fs::write(&file, b"logging:\n  level: \xff\xfe\n").unwrap();
    let source = mcpcodex::config::Source { file: Some(file), env: super::Environment::default() };
    let problems = mcpcodex::config::load(&source).unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert_eq!((problem.line, problem.column), (Some(2), Some(10)));
}

#[test]
fn nothing_but_comments_and_empty_sections_is_the_default() {
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "server:\nauthentication:\n  tokens:\n",
        "{}",
        "\u{feff}server: {}",
    ] {
        let loaded = load(text).unwrap_or_else(|problems| panic!("{text:?}: {problems}"));
        assert!(loaded.settings.is_empty(), "{text:?}");
    }
}
