-- The index is filled anew from the journal: older rows lack hashes and codecs.
UPDATE meta SET value = '0' WHERE key = 'applied_seq';
DELETE FROM producers;
DELETE FROM runs;
DELETE FROM gaps;
DELETE FROM events;
DELETE FROM camera_states;
DELETE FROM system_notes;

DROP TABLE segments;
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
    codec VARCHAR NOT NULL,
    content_hash VARCHAR NOT NULL,
    aged VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    node VARCHAR NOT NULL
);

CREATE TABLE garbage (
    segment_id VARCHAR NOT NULL,
    camera_id VARCHAR NOT NULL,
    root VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    wall_us BIGINT NOT NULL
);

CREATE TABLE root_states (
    root VARCHAR NOT NULL,
    wall_us BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    detail VARCHAR NOT NULL
);

CREATE TABLE protections (
    protection_id VARCHAR NOT NULL,
    camera_ids VARCHAR[] NOT NULL,
    start_wall_us BIGINT NOT NULL,
    end_wall_us BIGINT NOT NULL,
    until_wall_us BIGINT,
    reason VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    wall_us BIGINT NOT NULL,
    lifted_wall_us BIGINT
);

CREATE TABLE bookmarks (
    bookmark_id VARCHAR NOT NULL,
    camera_ids VARCHAR[] NOT NULL,
    start_wall_us BIGINT NOT NULL,
    end_wall_us BIGINT NOT NULL,
    title VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    wall_us BIGINT NOT NULL
);

CREATE TABLE clips (
    clip_id VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    camera_id VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    start_wall_us BIGINT NOT NULL,
    end_wall_us BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    content_hash VARCHAR NOT NULL
);

CREATE TABLE exports (
    export_id VARCHAR NOT NULL,
    camera_ids VARCHAR[] NOT NULL,
    start_wall_us BIGINT NOT NULL,
    end_wall_us BIGINT NOT NULL,
    folder VARCHAR NOT NULL,
    options VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    wall_us BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    ended_wall_us BIGINT,
    detail VARCHAR NOT NULL,
    files INTEGER NOT NULL,
    size_bytes BIGINT NOT NULL,
    manifest_hash VARCHAR NOT NULL
);

CREATE TABLE retention_runs (
    wall_us BIGINT NOT NULL,
    category VARCHAR NOT NULL,
    items BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    is_emergency BOOLEAN NOT NULL,
    detail VARCHAR NOT NULL
);

CREATE TABLE day_counts (
    camera_id VARCHAR NOT NULL,
    day VARCHAR NOT NULL,
    recorded_s DOUBLE NOT NULL,
    gap_s DOUBLE NOT NULL,
    size_bytes BIGINT NOT NULL,
    events VARCHAR NOT NULL
);

CREATE TABLE journal_heads (
    up_to_seq BIGINT NOT NULL,
    head VARCHAR NOT NULL,
    checkpoint VARCHAR NOT NULL,
    checkpoint_hash VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    wall_us BIGINT NOT NULL
);
