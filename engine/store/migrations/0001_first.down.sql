DROP TABLE system_notes;
DROP TABLE camera_states;
DROP TABLE events;
DROP TABLE gaps;
DROP TABLE segments;
DROP TABLE runs;
DROP TABLE producers;
DROP TABLE meta;
