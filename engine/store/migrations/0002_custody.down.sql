DROP TABLE journal_heads;
DROP TABLE day_counts;
DROP TABLE retention_runs;
DROP TABLE exports;
DROP TABLE clips;
DROP TABLE bookmarks;
DROP TABLE protections;
DROP TABLE root_states;
DROP TABLE garbage;
DROP TABLE segments;

UPDATE meta SET value = '0' WHERE key = 'applied_seq';
DELETE FROM producers;
DELETE FROM runs;
DELETE FROM gaps;
DELETE FROM events;
DELETE FROM camera_states;
DELETE FROM system_notes;

CREATE TABLE segments (
    segment_id VARCHAR NOT NULL,
    camera_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    root VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    start_wall_us BIGINT NOT NULL,
    end_wall_us BIGINT,
    size_bytes BIGINT NOT NULL,
    frames INTEGER NOT NULL,
    keyframes INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    node VARCHAR NOT NULL
);
