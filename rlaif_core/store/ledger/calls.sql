-- What stands here was answered once and is never asked again. With a row id: rows are long, and
-- appending them costs half of sorting them in by their key.
CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY,               -- ChatRequest.key(model identity)
    model TEXT NOT NULL,
    request TEXT NOT NULL,              -- JSON
    reply TEXT NOT NULL,                -- JSON
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    usd REAL NOT NULL,
    seconds REAL NOT NULL,              -- latency; of the whole batch for a local model
    attempts INTEGER NOT NULL,
    at REAL NOT NULL                    -- Unix time
);
