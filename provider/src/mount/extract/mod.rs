//! Values out of a JSON secret, by JMESPath expressions of the class.
//!
//! The grammar is read by the `jmespath` crate. It has no limits, so an expression is measured before it gets there. Its
//! interpreter is not used: it has no limits either (a chain of `[@,@]|` doubles its result with every link), reads numbers
//! as floating point, and sorts keys. Ours pays for every step and every byte out of one purse.
//!
//! Specification: <https://jmespath.org/specification.html>.

mod evaluate;
mod functions;
mod json;
#[cfg(test)]
mod tests;

use std::fmt;

use jmespath::ast::Ast;
use jmespath::{ErrorReason, JmespathError};

use super::excerpt::Excerpt;
use crate::sensitive::Sensitive;
use evaluate::{Evaluation, Failure};
use functions::Reference;
pub use json::{Document, DocumentError};

/// Longer than a template that joins dozens of fields; in bytes.
const LONGEST: usize = 4096;
/// The crate's parser and our interpreter call themselves once per level. More than any sensible expression needs.
const DEEPEST: usize = 64;

/// An expression that can be evaluated in bounded time and memory.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    tree: Ast,
}

impl Expression {
    /// Checks all that can be checked without a document: grammar, limits, functions and their arguments.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let refuse = ExpressionError;
        if text.trim().is_empty() {
            return Err(refuse(Problem::Empty));
        }
        if text.len() > LONGEST {
            return Err(refuse(Problem::TooLong));
        }
        if nesting(text) > DEEPEST {
            return Err(refuse(Problem::TooDeep));
        }
        let tree = jmespath::parse(text).map_err(|error| refuse(syntax(text, &error)))?;
        check(&tree, 0).map_err(refuse)?;
        Ok(Self { text: text.to_owned(), tree })
    }

    /// As the class has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the expression finds: a string as it is, anything else as JSON text, numbers and the order of keys as in the
    /// document. Finding nothing is an error.
    pub fn search(&self, document: &Document) -> Result<Sensitive<Vec<u8>>, SearchError> {
        let mut evaluation = Evaluation::new();
        let found = evaluation.evaluate(&self.tree, &document.root);
        found
            .and_then(|found| evaluation.contents(&found))
            .map_err(|failure| SearchError { failure, shape: document.to_string() })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Excerpt(&self.text).fmt(f)
    }
}

/// How deep the crate's parser might call itself: once per open bracket, and once per sign that reads on for its operand
/// (`!`, `&`, `*`, and a closed `[…]`, which may be a projection) until the next comma.
fn nesting(text: &str) -> usize {
    let mut open = vec![0];
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match character {
            '\'' | '"' | '`' => {
                while let Some(inner) = characters.next().filter(|inner| *inner != character) {
                    if inner == '\\' {
                        characters.next();
                    }
                }
            }
            '(' | '[' | '{' => {
                open.push(0);
                depth += 1;
            }
            ')' | ']' | '}' if open.len() > 1 => depth -= open.pop().unwrap_or(0) + 1,
            ',' => depth -= open.last_mut().map_or(0, std::mem::take),
            _ => {}
        }
        let reads_on = match character {
            '*' | ']' => true,
            '!' => next != Some('='),
            '&' => next != Some('&'),
            _ => false,
        };
        if reads_on && let Some(signs) = open.last_mut() {
            *signs += 1;
            depth += 1;
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Depth, functions, and what the grammar allows but no evaluation can make sense of.
fn check(node: &Ast, depth: usize) -> Result<(), Problem> {
    if depth > DEEPEST {
        return Err(Problem::TooDeep);
    }
    let below = |node: &Ast| check(node, depth + 1);
    match node {
        Ast::Slice { step: 0, .. } => Err(Problem::ZeroStep),
        Ast::Identity { .. }
        | Ast::Field { .. }
        | Ast::Index { .. }
        | Ast::Slice { .. }
        | Ast::Literal { .. } => Ok(()),
        Ast::Not { node, .. } | Ast::Flatten { node, .. } | Ast::ObjectValues { node, .. } => below(node),
        Ast::Comparison { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Condition { predicate: lhs, then: rhs, .. } => below(lhs).and_then(|()| below(rhs)),
        Ast::MultiList { elements, .. } => elements.iter().try_for_each(below),
        Ast::MultiHash { elements, .. } => elements.iter().try_for_each(|pair| below(&pair.value)),
        Ast::Expref { .. } => Err(Problem::Misplaced),
        Ast::Function { name, args, .. } => {
            let reference = functions::check(name, args.len())?;
            args.iter().enumerate().try_for_each(|(index, argument)| match (argument, &reference) {
                (Ast::Expref { ast, .. }, Reference::At(at)) if *at == index => below(ast),
                (_, Reference::At(at)) if *at == index => {
                    Err(Problem::NoReference { function: name.clone(), position: index + 1 })
                }
                _ => below(argument),
            })
        }
    }
}

/// The crate's complaint in the words of a reader: what is expected, and where.
fn syntax(text: &str, error: &JmespathError) -> Problem {
    let (before, rest) = text.split_at_checked(error.offset).unwrap_or((text, ""));
    let reason = match &error.reason {
        ErrorReason::Parse(reason) => reason.split(" -- found").next().unwrap_or_default(),
        ErrorReason::Runtime(_) => "it cannot be evaluated",
    };
    let reason = match reason {
        "Unexpected nud token" => "a name, an index or a value is missing",
        "Unexpected led token" | "Did not parse the complete expression" => "the expression should end here",
        _ if reason.starts_with("Unclosed") => "a quote is not closed",
        _ if reason.starts_with("Unable to parse literal") => "the text between the backticks is no JSON",
        _ if reason.starts_with("Invalid character") => {
            "this character has no meaning; a name with it needs double quotes"
        }
        other => other,
    };
    let mut letters = reason.chars();
    let reason =
        letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default();
    Problem::Syntax { position: before.chars().count() + 1, rest: rest.to_owned(), reason }
}

/// A text that is no expression, or none that is evaluated here. The author of the class must change it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ExpressionError(Problem);

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("it is empty; expected such as credentials.username")]
    Empty,
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("it nests deeper than {DEEPEST} levels")]
    TooDeep,
    #[error("{reason}, at character {position}{}", at(rest))]
    Syntax { position: usize, rest: String, reason: String },
    #[error("a slice with step 0 selects nothing")]
    ZeroStep,
    #[error("{} is no function; {}", Excerpt(name), functions::suggest(name))]
    UnknownFunction { name: String },
    #[error("{function}() takes {expected}, found {found}")]
    Arity { function: String, expected: String, found: usize },
    #[error("argument {position} of {function}() must be an expression such as &name")]
    NoReference { function: String, position: usize },
    #[error("'&' belongs only into the arguments of map(), max_by(), min_by() and sort_by()")]
    Misplaced,
}

/// Where in the expression, as far as there is anything.
fn at(rest: &str) -> String {
    if rest.is_empty() { ", its end".to_owned() } else { format!(", {}", Excerpt(rest)) }
}

/// An expression that does not give a file. The author of the class, or of the secret, must change one.
#[derive(Debug, thiserror::Error)]
#[error("the expression {failure}; the secret has the shape {shape}")]
pub struct SearchError {
    failure: Failure,
    /// Keys and types only.
    shape: String,
}
