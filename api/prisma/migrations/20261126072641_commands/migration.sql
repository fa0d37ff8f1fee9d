-- CreateEnum
CREATE TYPE "command_state" AS ENUM ('QUEUED', 'SENT', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'UNREACHABLE', 'INTERRUPTED');

-- CreateEnum
CREATE TYPE "command_stream" AS ENUM ('STDOUT', 'STDERR');

-- CreateTable
CREATE TABLE "commands" (
    "id" TEXT NOT NULL,
    "instance_id" TEXT NOT NULL,
    "actor_kind" "actor_kind" NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "command" TEXT NOT NULL,
    "args" JSONB,
    "cwd" TEXT,
    "env_names" TEXT[],
    "stdin_bytes" INTEGER NOT NULL DEFAULT 0,
    "timeout_ms" INTEGER NOT NULL,
    "payload" JSONB,
    "state" "command_state" NOT NULL DEFAULT 'QUEUED',
    "run" UUID,
    "exit_code" INTEGER,
    "signal" TEXT,
    "message" TEXT,
    "stdout_bytes" BIGINT NOT NULL DEFAULT 0,
    "stderr_bytes" BIGINT NOT NULL DEFAULT 0,
    "dropped_bytes" BIGINT NOT NULL DEFAULT 0,
    "duration_ms" BIGINT,
    "cancelled_by" TEXT,
    "cancel_asked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "revision" INTEGER NOT NULL DEFAULT 0,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "commands_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "command_output" (
    "command_id" TEXT NOT NULL,
    "stream" "command_stream" NOT NULL,
    "at" BIGINT NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "command_output_pkey" PRIMARY KEY ("command_id","stream","at")
);

-- CreateIndex
CREATE INDEX "commands_instance_id_created_at_id_idx" ON "commands"("instance_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "commands_created_at_id_idx" ON "commands"("created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "commands_changed_at_idx" ON "commands"("changed_at");

-- CreateIndex
CREATE INDEX "commands_state_instance_id_idx" ON "commands"("state", "instance_id");

-- AddForeignKey
ALTER TABLE "commands" ADD CONSTRAINT "commands_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instances"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "command_output" ADD CONSTRAINT "command_output_command_id_fkey" FOREIGN KEY ("command_id") REFERENCES "commands"("id") ON DELETE CASCADE ON UPDATE CASCADE;
