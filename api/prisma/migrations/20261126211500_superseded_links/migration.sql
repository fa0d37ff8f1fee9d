-- Which of these links are not the newest of their instance any more: their places, from 0.
-- Asked for every few samples, by plans that are kept. One that is made while the table is small reads all of it each time, also once it has
-- thousands of rows. Here nothing is left but to look each instance up by its number.
CREATE FUNCTION "superseded_links"("nums" INT4[], "epochs" INT8[]) RETURNS SETOF INT4
LANGUAGE plpgsql STABLE ROWS 10
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
BEGIN
  RETURN QUERY SELECT link.place::INT4 - 1 FROM unnest("nums", "epochs") WITH ORDINALITY AS link ("num", "epoch", "place")
    WHERE link."epoch" IS DISTINCT FROM
      (SELECT CASE WHEN i."deleted_at" IS NULL THEN i."epoch" END FROM "instances" i WHERE i."num" = link."num");
END
$$;
