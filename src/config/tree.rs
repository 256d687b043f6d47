//! YAML as a tree in which every key and value knows its line and column.
//! What the keys mean is left to `keys` and `value`.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::problem::Problem;

/// More than any configuration needs, and little enough that a hostile file costs nothing.
pub const MAX_BYTES: u64 = 1024 * 1024;
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 5000;

/// A place in the file: line and column count from 1, the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters the thing is long, at least 1.
    pub width: usize,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub data: Data,
    /// The text after `${NAME}` was replaced in it. A variable has no quotes, so that not the writing
    /// but the key that it is for says whether `12` is a number.
    pub expanded: Option<String>,
}

/// What a value is, by YAML's core schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `~`, `null` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or an exponent, or one too large; kept as written.
    Fraction(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the file's order.
    Map(Vec<Pair>),
}

/// One line of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub value: Node,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl Node {
    /// A node that stands in no file.
    pub fn placeless(data: Data) -> Self {
        Self { place: Place::default(), data, expanded: None }
    }

    /// The value as it would be written in the file, on one line.
    pub fn display(&self) -> String {
        match &self.data {
            Data::Null => "~".to_owned(),
            Data::Bool(value) => value.to_string(),
            Data::Integer(value) => value.to_string(),
            Data::Fraction(text) => text.clone(),
            Data::Text(text) => quote(text),
            Data::List(items) => {
                let items: Vec<String> = items.iter().map(Self::display).collect();
                format!("[{}]", items.join(", "))
            }
            Data::Map(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|p| format!("{}: {}", p.key, p.value.display())).collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }
}

/// A JSON string is a YAML string too, whatever it holds.
fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What an unquoted scalar is (YAML 1.2.2 §10.3.2): `yes` and `no` are text, as is `1_000`.
pub fn resolve(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "true" | "True" | "TRUE" => return Data::Bool(true),
        "false" | "False" | "FALSE" => return Data::Bool(false),
        ".inf" | "-.inf" | ".nan" => return Data::Fraction(text.to_owned()),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_or_else(|_| Data::Fraction(text.to_owned()), Data::Integer);
    }
    let radix = [("0x", 16), ("0o", 8)];
    if let Some(Ok(value)) = radix
        .iter()
        .find_map(|(mark, radix)| text.strip_prefix(mark).map(|t| i64::from_str_radix(t, *radix)))
    {
        return Data::Integer(value);
    }
    if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok() {
        return Data::Fraction(text.to_owned());
    }
    Data::Text(text.to_owned())
}

/// Replaces `${NAME}` in a scalar; `Ok(None)` when there is none in it.
pub type Expand<'a> = &'a dyn Fn(&str) -> Result<Option<String>, String>;

/// Reads YAML; `Ok(None)` when there is nothing but comments. `expand` replaces `${NAME}` in
/// scalars and says what is wrong with one that cannot be replaced.
pub fn parse(text: &str, expand: Expand<'_>) -> Result<Option<Node>, Vec<Problem>> {
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        let message = format!("the file is longer than the {MAX_BYTES} bytes that are allowed");
        return Err(vec![Problem::new(message)]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        Reader { text, events: Parser::new_from_str(text), expand, problems: Vec::new(), nodes: 0 };
    match reader.document() {
        Ok(node) if reader.problems.is_empty() => Ok(node),
        Ok(_) => Err(reader.problems),
        Err(problem) => {
            reader.problems.push(problem);
            Err(reader.problems)
        }
    }
}

struct Reader<'a, 'input> {
    text: &'input str,
    events: Parser<'input, saphyr_parser::StrInput<'input>>,
    expand: Expand<'a>,
    problems: Vec<Problem>,
    nodes: usize,
}

impl<'input> Reader<'_, 'input> {
    fn next(&mut self) -> Result<(Event<'input>, Place), Problem> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, place(&span))),
            Some(Err(error)) => {
                let mark = error.marker();
                let at = self.within(mark.line(), mark.col() + 1);
                let hint = self.hint(error.info(), at.line);
                Err(Problem::new(format!("not valid YAML: {}{hint}", error.info())).at(at))
            }
            None => Ok((Event::StreamEnd, Place::default())),
        }
    }

    /// A mistake found at the end of the file is shown on the last line that there is.
    fn within(&self, line: usize, column: usize) -> Place {
        let last = self.text.lines().count().max(1);
        if line <= last {
            return Place { line, column, width: 1 };
        }
        let length = self.text.lines().last().unwrap_or_default().chars().count();
        Place { line: last, column: length + 1, width: 1 }
    }

    fn hint(&self, info: &str, line: usize) -> &'static str {
        let line = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        if info.contains("tab") {
            "; indent with spaces"
        } else if line.contains("${") {
            "; inside {…} and […] put `${NAME}` in quotes"
        } else {
            ""
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Problem> {
        let mut root = None;
        loop {
            let (event, place) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                event @ (Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd) => {
                    if root.is_some() {
                        return Err(Problem::new(
                            "a second document begins here; the file must hold one",
                        )
                        .at(place));
                    }
                    root = Some(self.node(event, place, 0)?);
                }
            }
        }
    }

    fn node(&mut self, event: Event<'input>, place: Place, depth: usize) -> Result<Node, Problem> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the file holds more than {MAX_NODES} values");
            return Err(Problem::new(message).at(place));
        }
        if depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Problem::new(message).at(place));
        }
        let anchored = |anchor: usize, tagged: bool| match (anchor, tagged) {
            (0, false) => Ok(()),
            (0, true) => {
                Err(Problem::new("YAML tags are not used here; remove the `!…`").at(place))
            }
            _ => Err(alias_problem(place)),
        };
        let data = match event {
            Event::Scalar(text, style, anchor, tag) => {
                anchored(anchor, tag.is_some())?;
                return Ok(self.scalar(&text, style, place));
            }
            Event::SequenceStart(anchor, tag) => {
                anchored(anchor, tag.is_some())?;
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break Data::List(items),
                        (event, place) => items.push(self.node(event, place, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(anchor, tag) => {
                anchored(anchor, tag.is_some())?;
                self.map(depth)?
            }
            Event::Alias(_) => return Err(alias_problem(place)),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                return Err(Problem::new("not valid YAML: a value is missing here").at(place));
            }
        };
        Ok(Node { place, data, expanded: None })
    }

    fn map(&mut self, depth: usize) -> Result<Data, Problem> {
        let mut pairs: Vec<Pair> = Vec::new();
        loop {
            let (event, place) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Data::Map(pairs));
            }
            let Event::Scalar(key, ..) = event else {
                return Err(Problem::new("a key must be plain text").at(place));
            };
            if key == "<<" {
                return Err(alias_problem(place));
            }
            let (event, at) = self.next()?;
            let mut value = self.node(event, at, depth + 1)?;
            if value.data == Data::Null {
                // An absent value has the place of whatever follows; point at its key instead.
                value.place = place;
            }
            if let Some(first) = pairs.iter().find(|pair| pair.key == *key) {
                let message = format!("`{key}` is given twice; first on line {}", first.place.line);
                self.problems.push(Problem::new(message).at(place));
            } else {
                pairs.push(Pair { key: key.into_owned(), place, value });
            }
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, place: Place) -> Node {
        let expanded = (self.expand)(text).unwrap_or_else(|message| {
            self.problems.push(Problem::new(message).at(place));
            None
        });
        let data =
            if style == ScalarStyle::Plain { resolve(text) } else { Data::Text(text.to_owned()) };
        Node { place, data, expanded }
    }
}

fn alias_problem(place: Place) -> Problem {
    Problem::new("anchors, aliases and merge keys are not used here; write the value out").at(place)
}

fn place(span: &Span) -> Place {
    let (start, end) = (span.start, span.end);
    let width = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Place { line: start.line(), column: start.col() + 1, width: width.max(1) }
}
