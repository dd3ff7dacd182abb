import { Event, EventType, Message, registry, select, self, send, Sources } from "troupe";

function say(watcher: string, what: string, name: string): void {
  send(watcher, "log", what + " " + name);
}

/** Tells the watcher what happens to it, and does what it is told. */
export function main(): void {
  const name = self.args[0].asString();
  const watcher = self.args[1].asString();
  const mode = self.args.length > 2 ? self.args[2].asString() : "";
  if (registry.lookup("blocks " + name) !== null) throw new Error("blocked " + name);
  say(watcher, "start", name);
  if (mode == "once") return;
  while (mode == "hangs") {}
  for (;;) {
    const arrival = select(Sources.Inbox | Sources.Events);
    if (arrival instanceof Message) {
      const topic = (arrival as Message).topic;
      if (topic == "crash") throw new Error("crash " + name);
      if (topic == "return") return;
    } else if (arrival instanceof Event && (arrival as Event).type == EventType.CANCEL) {
      say(watcher, "stop", name);
      if (mode != "deaf") return;
    }
  }
}
