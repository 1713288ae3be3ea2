CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);
INSERT INTO meta VALUES ('applied_seq', '0');

CREATE TABLE producers (name VARCHAR NOT NULL, last_number BIGINT NOT NULL);

CREATE TABLE runs (
    run_id VARCHAR NOT NULL,
    camera_id VARCHAR NOT NULL,
    codec VARCHAR NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    start_wall_us BIGINT NOT NULL,
    end_wall_us BIGINT,
    clock_offset_us BIGINT NOT NULL,
    end_reason VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    node VARCHAR NOT NULL
);

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

CREATE TABLE gaps (
    camera_id VARCHAR NOT NULL,
    start_wall_us BIGINT NOT NULL,
    end_wall_us BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    node VARCHAR NOT NULL
);

CREATE TABLE events (
    event_id VARCHAR NOT NULL,
    camera_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    score DOUBLE NOT NULL,
    start_wall_us BIGINT NOT NULL,
    end_wall_us BIGINT,
    hits INTEGER NOT NULL,
    best_wall_us BIGINT NOT NULL,
    best_box DOUBLE[] NOT NULL,
    track_path DOUBLE[] NOT NULL,
    snapshot VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    node VARCHAR NOT NULL
);

CREATE TABLE camera_states (
    camera_id VARCHAR NOT NULL,
    wall_us BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    node VARCHAR NOT NULL
);

CREATE TABLE system_notes (
    wall_us BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    camera_id VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    node VARCHAR NOT NULL
);
