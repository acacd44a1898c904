-- What finds, made once the end of the log is reached.
CREATE INDEX other_line ON other (idx);

-- Every column stands in some index too, so that damage to either shows when the file is opened. Each ends in the time, and behind it the number of
-- the row: a page is read in its order and nothing is sorted. Where many lines can be passed over
-- for a few, what else is asked of them stands in the index too.
CREATE INDEX line_time ON line (party, time);
CREATE INDEX line_subject ON line (party, subject, time) WHERE subject IS NOT NULL;
CREATE INDEX line_actor ON line (party, actor, time, idx, kind, purpose, outcome, categories) WHERE actor IS NOT NULL;
CREATE INDEX line_matter ON line (party, matter, time) WHERE matter IS NOT NULL;
CREATE INDEX line_purpose ON line (party, purpose, time, idx, kind, categories) WHERE purpose IS NOT NULL;
CREATE INDEX line_purpose_outcome ON line (party, purpose, outcome, time) WHERE purpose IS NOT NULL;
CREATE INDEX line_kind ON line (party, kind, time, idx, purpose, outcome, categories);
CREATE INDEX line_outcome ON line (party, outcome, time, idx, categories);
CREATE INDEX line_overridden ON line (party, time) WHERE overridden;
CREATE INDEX line_class ON line (class);

-- C01 to C18, by the bits of `categories`.
CREATE INDEX line_category_0 ON line (party, time) WHERE categories & 1;
CREATE INDEX line_category_1 ON line (party, time) WHERE categories & 2;
CREATE INDEX line_category_2 ON line (party, time) WHERE categories & 4;
CREATE INDEX line_category_3 ON line (party, time) WHERE categories & 8;
CREATE INDEX line_category_4 ON line (party, time) WHERE categories & 16;
CREATE INDEX line_category_5 ON line (party, time) WHERE categories & 32;
CREATE INDEX line_category_6 ON line (party, time) WHERE categories & 64;
CREATE INDEX line_category_7 ON line (party, time) WHERE categories & 128;
CREATE INDEX line_category_8 ON line (party, time) WHERE categories & 256;
CREATE INDEX line_category_9 ON line (party, time) WHERE categories & 512;
CREATE INDEX line_category_10 ON line (party, time) WHERE categories & 1024;
CREATE INDEX line_category_11 ON line (party, time) WHERE categories & 2048;
CREATE INDEX line_category_12 ON line (party, time) WHERE categories & 4096;
CREATE INDEX line_category_13 ON line (party, time) WHERE categories & 8192;
CREATE INDEX line_category_14 ON line (party, time) WHERE categories & 16384;
CREATE INDEX line_category_15 ON line (party, time) WHERE categories & 32768;
CREATE INDEX line_category_16 ON line (party, time) WHERE categories & 65536;
CREATE INDEX line_category_17 ON line (party, time) WHERE categories & 131072;
