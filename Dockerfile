# Two images: `docker build --target console .` and `docker build --target agent .`
# Everything runs on the Node that pnpm-lock.yaml names; the one of the base image only brings it.

FROM node:24-bookworm-slim AS manifests
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml .npmrc ./
COPY schema/package.json schema/
COPY api/package.json api/
COPY web/package.json web/
COPY agent/package.json agent/
COPY e2e/package.json e2e/
COPY bench/package.json bench/

FROM manifests AS build
RUN npx -y pnpm@12.21.0 install --frozen-lockfile
COPY . .
RUN npm run build

# Only what runs; `...` takes the schema along.
FROM manifests AS console-modules
RUN npx -y pnpm@12.21.0 install --prod --frozen-lockfile --filter sindri-console --filter '@sindri/api...'

FROM manifests AS agent-modules
RUN npx -y pnpm@12.21.0 install --prod --frozen-lockfile --filter sindri-console --filter '@sindri/agent...'

FROM debian:12-slim AS base
RUN useradd --uid 1000 --create-home --shell /bin/bash sindri && install -d -o sindri -g sindri /data
WORKDIR /app
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
VOLUME /data
USER sindri

FROM base AS console
COPY --from=console-modules /app/node_modules node_modules
COPY --from=console-modules /app/schema schema
COPY --from=console-modules /app/api api
COPY --from=build /app/schema/src schema/src
COPY --from=build /app/api/prisma api/prisma
COPY --from=build /app/api/src api/src
COPY --from=build /app/web/dist web/dist
# Inside a container only the published port is reached from outside.
ENV HOST=0.0.0.0 PORT=3000 SINDRI_DATA_DIR=/data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "--initial-old-space-size=32", "--max-old-space-size=768", "--v8-pool-size=2", "api/src/enter.mjs"]

FROM base AS agent
COPY --from=agent-modules /app/node_modules node_modules
COPY --from=agent-modules /app/agent agent
COPY --from=build /app/agent/dist agent/dist
ENV SINDRI_AGENT_STATE_DIR=/data SINDRI_PROVIDER=docker
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "agent/dist/main.js", "--healthy"]
CMD ["node", "--no-turbofan", "--invocation-count-for-maglev=4000", "--optimize-for-size", "agent/dist/main.js"]
