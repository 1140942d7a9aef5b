//! Writing for people: colours on a terminal, plain text elsewhere.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

/// Standard output with a little style.
#[derive(Debug)]
pub(super) struct Screen {
    colours: bool,
    sections: usize,
}

impl Screen {
    /// Colours only where somebody can see them and has not asked to do without.
    pub(super) fn new(no_colour: bool) -> Self {
        Self { colours: !no_colour && io::stdout().is_terminal(), sections: 0 }
    }

    /// A numbered heading.
    pub(super) fn section(&mut self, title: &str) -> io::Result<()> {
        self.sections += 1;
        let heading = self.styled("1;36", &format!("{}. {title}", self.sections));
        writeln!(io::stdout(), "\n{heading}")
    }

    /// A name and what it stands for.
    pub(super) fn fact(&self, name: &str, value: &str) -> io::Result<()> {
        let name = self.styled("2", &format!("{name:<10}"));
        writeln!(io::stdout(), "   {name} {value}")
    }

    /// The good end of something.
    pub(super) fn done(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout(), "   {} {text}", self.styled("1;32", "ok"))
    }

    /// A text as it stands in a file.
    pub(super) fn quote(&self, text: &str) -> io::Result<()> {
        text.trim_end()
            .lines()
            .try_for_each(|line| writeln!(io::stdout(), "   {} {line}", self.styled("2", "|")))
    }

    /// A folder as `ls -A` shows it, and the content of its files.
    pub(super) fn volume(&self, folder: &Path) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let arrow = self.styled("2", "->");
            match fs::read_link(entry.path()) {
                Ok(link) if name == "..data" => {
                    writeln!(io::stdout(), "   {name} {arrow} {}", link.display())?;
                }
                Ok(link) => {
                    let content = self.styled("33", &fs::read_to_string(entry.path())?);
                    writeln!(io::stdout(), "   {name} {arrow} {}: {content}", link.display())?;
                }
                Err(_) => writeln!(io::stdout(), "   {name}/")?,
            }
        }
        Ok(())
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
