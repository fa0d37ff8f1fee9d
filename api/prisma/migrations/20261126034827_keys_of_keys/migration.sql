-- With which key a key was made: whoever revokes one ends the other, too.
-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "made_with_id" TEXT;

-- CreateIndex
CREATE INDEX "api_keys_made_with_id_idx" ON "api_keys"("made_with_id");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_made_with_id_fkey" FOREIGN KEY ("made_with_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Of the keys there are already the audit log says it.
UPDATE "api_keys" made SET "made_with_id" = maker."id"
FROM "audit_entries" entry, "api_keys" maker
WHERE entry."action" = 'key.manage.createApiKey' AND entry."outcome" = 'ALLOWED' AND entry."actor_kind" = 'KEY'
  AND entry."target_id" = made."id" AND maker."id" = entry."actor_id";
