ALTER TABLE kinds ADD COLUMN raw BYTEA;
INSERT INTO many SELECT 'M' || n FROM generate_series(1, 2000) AS n;
CREATE FUNCTION note_it(word TEXT) RETURNS TEXT LANGUAGE sql AS $$ INSERT INTO many VALUES (word) RETURNING record $$;
CREATE ROLE reader LOGIN PASSWORD 'secret-of-the-reader';
GRANT SELECT ON cases, kinds, many TO reader;
GRANT INSERT ON many TO reader;
