-- What lists are sorted by, beside the document that holds it: reading 10 000 documents for one page took seconds.
ALTER TABLE "metric_latest" ADD COLUMN "cpu" REAL,
ADD COLUMN "memory" REAL,
ADD COLUMN "disk" REAL;

UPDATE "metric_latest" SET
  "cpu" = ("detail"->'cpu'->>'usagePercent')::float8,
  "memory" = ("detail"->'memory'->>'used')::float8 / nullif(("detail"->'memory'->>'total')::float8, 0),
  "disk" = (
    SELECT sum((d->>'used')::float8) / nullif(sum(coalesce((d->>'used')::float8 + (d->>'free')::float8, (d->>'total')::float8)), 0)
    FROM json_array_elements(CASE json_typeof("detail"->'disks') WHEN 'array' THEN "detail"->'disks' ELSE '[]' END) d
    WHERE d->>'used' IS NOT NULL AND d->>'total' IS NOT NULL
  );

-- What a search looks through. Computed when one of these columns is written, which being heard is not.
CREATE FUNCTION "instance_search_text"("name" TEXT, "hostname" TEXT, "linked_from" TEXT, "provider" TEXT, "region" TEXT, "tags" JSONB)
RETURNS TEXT LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(concat_ws(' ', $1, $2, $3, $4, $5, (SELECT string_agg(tag.key || '=' || tag.value, ' ') FROM jsonb_each_text($6) tag)))
$$;

ALTER TABLE "instances" ADD COLUMN "search_text" TEXT
  GENERATED ALWAYS AS ("instance_search_text"("name", "hostname", "linked_from", "provider", "region", "tags")) STORED;
