-- Until now all footage came from the cameras' streams.
ALTER TABLE segments ADD COLUMN origin VARCHAR DEFAULT 'live';
