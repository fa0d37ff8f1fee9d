-- DropIndex
DROP INDEX "audit_entries_target_kind_target_id_at_id_idx";

-- AlterTable
ALTER TABLE "instances" ADD COLUMN     "kept_out" UUID,
ADD COLUMN     "turns" JSONB NOT NULL DEFAULT '[]';

-- CreateIndex
CREATE INDEX "audit_entries_target_id_at_id_idx" ON "audit_entries"("target_id", "at" DESC, "id" DESC);
