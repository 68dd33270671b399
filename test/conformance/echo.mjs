// Starts the echo server ($PARLOIR_ECHO) and stops it again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("../../", import.meta.url));
const PLACES = [process.env.PARLOIR_ECHO, `${TOP}build/gcc/test/parloir-echo`,
  `${TOP}build/test/parloir-echo`];

export async function startEcho(...args) {
  const program = PLACES.find((path) => path !== undefined && existsSync(path));
  if (program === undefined) {
    throw new Error("parloir-echo is not built; script/test conformance builds it");
  }
  const child = spawn(program, ["0", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.includes("\n")) {
      break;
    }
  }
  const ready = /^ready (\d+)\n/.exec(said);
  if (ready === null) {
    throw new Error(`${program} did not say that it is ready: ${JSON.stringify(said)}`);
  }
  return {
    port: Number(ready[1]),
    pid: child.pid,
    // Ends it in order; its exit status, so that a sanitizer's complaint is a failure.
    async stop() {
      const exit = child.exitCode === null ? once(child, "exit") : [child.exitCode];
      child.kill("SIGTERM");
      const [status, signal] = await exit;
      return signal ?? status;
    },
  };
}
