//! Names that do not join up: the vault, case keys, blind index. No SQL.
