//! One statement with its values, as both databases take it: parameters are written `$1`, `$2`, … (SQLite knows that spelling too), and where their
//! dialects differ there is a text for each.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::types::Value as Held;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, ColumnIndex, Decode, Postgres, Row as _, SqlSafeStr as _, SqlStr, Type};

use super::connection::Connection;
use super::unavailable;
use crate::store::StoreError;

/// The text of a statement.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Sql {
    /// The same for both.
    Both(&'static str),
    /// One for each.
    Each {
        /// SQLite's.
        sqlite: &'static str,
        /// PostgreSQL's.
        postgres: &'static str,
    },
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::Both(text)
    }
}

/// A condition that a column is one of a list, which is one parameter however long it is: `among!("SELECT … WHERE id", "$1", " ORDER BY id")`.
macro_rules! among {
    ($head:expr, $parameter:literal $(, $tail:expr)?) => {
        $crate::store::sql::statement::Sql::Each {
            sqlite: concat!($head, " IN (SELECT value FROM json_each(", $parameter, "))" $(, $tail)?),
            postgres: concat!($head, " = ANY (", $parameter, ")" $(, $tail)?),
        }
    };
}
pub(super) use among;

/// A value to be bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Value {
    /// A number.
    Integer(Option<i64>),
    /// A truth value.
    Flag(bool),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// A list of numbers, for `among!`.
    Integers(Vec<i64>),
    /// A list of texts, for `among!`.
    Texts(Vec<String>),
    /// What stands in one column of several rows; for PostgreSQL only.
    Column(Vec<Value>),
}

macro_rules! values {
    ($($from:ty => $value:ident: $convert:expr;)+) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                let convert: fn($from) -> _ = $convert;
                Self::$value(convert(value))
            }
        })+
    };
}

values! {
    i64 => Integer: Some;
    Option<i64> => Integer: |value| value;
    u32 => Integer: |value| Some(i64::from(value));
    u8 => Integer: |value| Some(i64::from(value));
    bool => Flag: |value| value;
    String => Text: Some;
    Option<String> => Text: |value| value;
    Vec<u8> => Bytes: Some;
    Option<Vec<u8>> => Bytes: |value| value;
    [u8; 32] => Bytes: |value| Some(value.to_vec());
    Vec<i64> => Integers: |value| value;
    Vec<String> => Texts: |value| value;
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(value: Option<&[u8]>) -> Self {
        Self::Bytes(value.map(<[u8]>::to_vec))
    }
}

impl Value {
    fn postgres(self, arguments: &mut PgArguments) -> Result<(), sqlx::Error> {
        let added = match self {
            Self::Integer(value) => arguments.add(value),
            Self::Flag(value) => arguments.add(value),
            Self::Text(value) => arguments.add(value),
            Self::Bytes(value) => arguments.add(value),
            Self::Integers(list) => arguments.add(list),
            Self::Texts(list) => arguments.add(list),
            Self::Column(values) => return column(values, arguments),
        };
        added.map_err(sqlx::Error::Encode)
    }
}

/// Adds the values of a column, all of one kind, as an array.
fn column(values: Vec<Value>, arguments: &mut PgArguments) -> Result<(), sqlx::Error> {
    let mixed = || sqlx::Error::Encode("a column of different values".into());
    macro_rules! array {
        ($kind:ident) => {{
            let array = values.into_iter().map(|value| if let Value::$kind(value) = value { Ok(value) } else { Err(mixed()) });
            arguments.add(array.collect::<Result<Vec<_>, _>>()?)
        }};
    }
    let added = match values.first() {
        Some(Value::Integer(_)) => array!(Integer),
        Some(Value::Flag(_)) => array!(Flag),
        Some(Value::Text(_)) => array!(Text),
        Some(Value::Bytes(_)) => array!(Bytes),
        _ => return Err(mixed()),
    };
    added.map_err(sqlx::Error::Encode)
}

/// A statement and what is bound to it.
pub(in crate::store) struct Statement {
    text: Text,
    values: Vec<Value>,
    /// Whether PostgreSQL plans it for its own values each time, and does not keep it prepared.
    pub(super) is_rare: bool,
}

enum Text {
    Fixed(Sql),
    /// Put together from pieces, between which the parameters stand.
    Built(Vec<Piece>),
}

enum Piece {
    Sql(&'static str),
    Parameter,
    Number(usize),
}

/// A statement with this text.
pub(in crate::store) fn query(sql: impl Into<Sql>) -> Statement {
    Statement { text: Text::Fixed(sql.into()), values: Vec::new(), is_rare: false }
}

/// A statement that begins so and is put together with [`Statement::push`] and [`Statement::value`].
pub(in crate::store) fn build(sql: &'static str) -> Statement {
    Statement { text: Text::Built(vec![Piece::Sql(sql)]), values: Vec::new(), is_rare: false }
}

impl Statement {
    /// Binds the next parameter.
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Goes on with this text.
    pub(in crate::store) fn push(mut self, sql: &'static str) -> Self {
        self.add(Piece::Sql(sql));
        self
    }

    /// Goes on with a parameter.
    pub(in crate::store) fn value(mut self, value: impl Into<Value>) -> Self {
        self.add(Piece::Parameter);
        self.bind(value)
    }

    /// Goes on with parameters, a comma between each two.
    pub(in crate::store) fn list(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                self.add(Piece::Sql(", "));
            }
            self = self.value(value);
        }
        self
    }

    /// Goes on with a number.
    pub(super) fn number(mut self, number: usize) -> Self {
        self.add(Piece::Number(number));
        self
    }

    /// Goes on with another statement that was put together; with one that was not, what comes out is no statement.
    pub(super) fn append(mut self, other: Self) -> Self {
        if let (Text::Built(pieces), Text::Built(more)) = (&mut self.text, other.text) {
            pieces.extend(more);
            self.values.extend(other.values);
        }
        self
    }

    /// PostgreSQL plans it for its own values each time.
    pub(in crate::store) fn planned_anew(mut self) -> Self {
        self.is_rare = true;
        self
    }

    fn add(&mut self, piece: Piece) {
        if let Text::Built(pieces) = &mut self.text {
            pieces.push(piece);
        }
    }

    /// Runs it; how many rows were written.
    pub(in crate::store) async fn execute(self, connection: &mut Connection) -> Result<u64, StoreError> {
        connection.execute(self).await
    }

    /// All its rows.
    pub(in crate::store) async fn all(self, connection: &mut Connection) -> Result<Vec<Row>, StoreError> {
        connection.all(self).await
    }

    /// Its first row, if there is one.
    pub(in crate::store) async fn optional(self, connection: &mut Connection) -> Result<Option<Row>, StoreError> {
        Ok(self.all(connection).await?.into_iter().next())
    }

    /// Its first row.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also when there is none.
    pub(in crate::store) async fn one(self, connection: &mut Connection) -> Result<Row, StoreError> {
        self.optional(connection).await?.ok_or_else(|| unavailable(sqlx::Error::RowNotFound))
    }

    /// Its text for SQLite.
    pub(super) fn for_sqlite(&self) -> Cow<'static, str> {
        match &self.text {
            Text::Fixed(Sql::Both(text) | Sql::Each { sqlite: text, .. }) => Cow::Borrowed(text),
            Text::Built(pieces) => Cow::Owned(spell(pieces, |text, _| text.push('?'))),
        }
    }

    /// What is bound to it.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// Its text and arguments for PostgreSQL.
    pub(super) fn for_postgres(self) -> Result<(SqlStr, PgArguments), sqlx::Error> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            value.postgres(&mut arguments)?;
        }
        let text = match self.text {
            Text::Fixed(Sql::Both(text) | Sql::Each { postgres: text, .. }) => text.into_sql_str(),
            Text::Built(pieces) => {
                let numbered = |text: &mut String, number: usize| {
                    text.push('$');
                    text.push_str(&number.to_string());
                };
                AssertSqlSafe(spell(&pieces, numbered)).into_sql_str()
            }
        };
        Ok((text, arguments))
    }
}

/// The text that the pieces make: no part of it is anything but a constant, a number of ours or a parameter.
fn spell(pieces: &[Piece], parameter: impl Fn(&mut String, usize)) -> String {
    let (mut text, mut parameters) = (String::new(), 0);
    for piece in pieces {
        match piece {
            Piece::Sql(sql) => text.push_str(sql),
            Piece::Number(number) => text.push_str(&number.to_string()),
            Piece::Parameter => {
                parameters += 1;
                parameter(&mut text, parameters);
            }
        }
    }
    text
}

/// A row that was read.
pub(in crate::store) enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

/// A row of SQLite, taken out of it.
pub(in crate::store) struct SqliteRow {
    /// The names of the columns.
    pub(super) names: Arc<[Box<str>]>,
    /// What stands in them.
    pub(super) values: Vec<Held>,
}

impl Row {
    /// The value of a column, by name or place.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no such column, or it holds something else.
    pub(in crate::store) fn get<'r, T, C>(&'r self, column: C) -> Result<T, StoreError>
    where
        T: OfSqlite<'r> + Decode<'r, Postgres> + Type<Postgres>,
        C: Place + ColumnIndex<PgRow>,
    {
        match self {
            Self::Sqlite(row) => {
                let value = column.among(&row.names).and_then(|place| row.values.get(place));
                value.and_then(T::of).ok_or_else(|| StoreError::Unavailable("a column holds something else".to_owned()))
            }
            Self::Postgres(row) => row.try_get(column).map_err(unavailable),
        }
    }
}

/// Which column.
pub(in crate::store) trait Place {
    /// Its place among the columns with these names.
    fn among(&self, names: &[Box<str>]) -> Option<usize>;
}

impl Place for usize {
    fn among(&self, _: &[Box<str>]) -> Option<usize> {
        Some(*self)
    }
}

impl Place for &str {
    fn among(&self, names: &[Box<str>]) -> Option<usize> {
        names.iter().position(|name| **name == **self)
    }
}

/// A type of which SQLite holds values.
pub(in crate::store) trait OfSqlite<'r>: Sized {
    /// The value, if it is of this type.
    fn of(value: &'r Held) -> Option<Self>;
}

macro_rules! of_sqlite {
    ($($type:ty: $pattern:pat => $value:expr;)+) => {
        $(impl<'r> OfSqlite<'r> for $type {
            fn of(value: &'r Held) -> Option<Self> {
                if let $pattern = value { Some($value) } else { None }
            }
        })+
    };
}

of_sqlite! {
    i64: Held::Integer(number) => *number;
    bool: Held::Integer(number) => *number != 0;
    &'r str: Held::Text(text) => text;
    String: Held::Text(text) => text.clone();
    &'r [u8]: Held::Blob(bytes) => bytes;
    Vec<u8>: Held::Blob(bytes) => bytes.clone();
}

impl<'r, T: OfSqlite<'r>> OfSqlite<'r> for Option<T> {
    fn of(value: &'r Held) -> Option<Self> {
        if matches!(value, Held::Null) { Some(None) } else { T::of(value).map(Some) }
    }
}
