ALTER TABLE segments DROP COLUMN origin;
