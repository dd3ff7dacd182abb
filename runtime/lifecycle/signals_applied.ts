import { STARTED } from '../machine.ts';
import type { Process } from '../scheduler/process.ts';
import { onAsk } from './ask.ts';
import { noteLink, onExit, onLinkDown, onMonitor, onUnmonitor } from './links.ts';
import { type Signal, SignalKind } from './signal.ts';
import { onCancel, onShutdown, onTerminate, pushEvent } from './stop.ts';

/** Apply a signal to a live local process. */
export function applySignal(process: Process, signal: Signal): void {
  switch (signal.kind) {
    case SignalKind.Monitor:
      onMonitor(process, signal.from, signal.tag);
      return;
    case SignalKind.Unmonitor:
      onUnmonitor(process, signal.from, signal.tag);
      return;
    case SignalKind.Link:
      noteLink(process, signal.from);
      return;
    case SignalKind.Unlink:
    case SignalKind.LinkGone:
      process.extras?.links?.delete(signal.from);
      return;
    case SignalKind.Exit:
      onExit(process, signal.from, signal.tag, signal.at, signal.result!);
      return;
    case SignalKind.LinkDown:
      onLinkDown(process, signal.from, signal.at, signal.result!);
      return;
    case SignalKind.Cancel:
      onCancel(process, signal.from, signal.at, signal.text);
      return;
    case SignalKind.Terminate:
      onTerminate(process);
      return;
    case SignalKind.Shutdown:
      onShutdown(process, signal.from, signal.at, signal.text);
      return;
    case SignalKind.Ask:
      onAsk(process, signal.from, signal.result!.value);
      return;
    case SignalKind.Started:
      pushEvent(process, { kind: STARTED, from: signal.from, at: signal.at });
      return;
    case SignalKind.Named: {
      const rare = process.rare;
      if (rare.names === undefined) rare.names = new Set();
      rare.names.add(signal.text!);
      return;
    }
  }
}
