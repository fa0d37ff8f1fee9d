-- CreateIndex
CREATE INDEX "terminals_closed_at_idx" ON "terminals"("closed_at");
