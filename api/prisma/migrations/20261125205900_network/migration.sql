-- What the map of the fleet is coloured by, beside the shares: bytes per second, both directions, all interfaces but loopback.
ALTER TABLE "metric_latest" ADD COLUMN "network" REAL;

UPDATE "metric_latest" SET "network" = (
  SELECT sum(coalesce((w->>'rxBytesPerSecond')::float8, 0) + coalesce((w->>'txBytesPerSecond')::float8, 0))
  FROM json_array_elements(CASE json_typeof("detail"->'network') WHEN 'array' THEN "detail"->'network' ELSE '[]' END) w
  WHERE w->>'name' <> 'lo' AND (w->>'rxBytesPerSecond' IS NOT NULL OR w->>'txBytesPerSecond' IS NOT NULL)
);
