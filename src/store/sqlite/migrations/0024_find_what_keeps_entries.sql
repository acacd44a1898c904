-- What a retention class, or a legal hold, keeps: found without passing over the whole log. What was erased is not in it.
CREATE INDEX entry_kept_by ON entry (coalesce(held_by, key_class)) WHERE wrapped_key IS NOT NULL;

-- Whether an entry says that something was erased.
DROP INDEX entry_erases;
CREATE INDEX entry_erases ON entry (erases) WHERE erases IS NOT NULL;
