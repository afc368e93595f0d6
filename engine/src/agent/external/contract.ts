import type { ToolSpec } from '../../record/events.ts';
import type { SandboxFile, SandboxFolder, SandboxLimits } from '../../sandbox/contract.ts';
import type { Front, SessionLogPlace } from '../contract.ts';

/**
 * Somebody else's agent product: how it is found, started, pointed at the gateway, stopped. The product runs unmodified in
 * the sandbox; Offswitch brings no copy of it.
 *
 * To add one: one file in `adapters/`, one line in `cli/compose.ts`, one call of `describeProductContract` in its test.
 */
export interface AgentProduct {
  /** `claude-code`; the value of `--agent`. */
  readonly name: string;
  /** One sentence for `offswitch list`. */
  readonly title: string;
  /** Versions that were tried, the last one first; others get a warning. Empty: no claim. */
  readonly tried: readonly string[];
  /** The command that installs it, shown when it is missing; never run by Offswitch. */
  readonly install: string;
  /** Finds it on this computer. Rejects with a `UsageError` in one sentence if it is missing or cannot be used. */
  readonly find: (options: FindOptions) => Promise<FoundProduct>;
}

export interface FindOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Words after `--agent`: the command of `command`, the path of an installation. Empty: the PATH. */
  readonly words: readonly string[];
}

export interface FoundProduct {
  readonly version: string;
  /** Folders that the machine must have, e.g. of the package and of its Node.js. Read-only there. */
  readonly folders: readonly SandboxFolder[];
  readonly limits?: Partial<SandboxLimits>;
  /** Protocols that it can speak to the gateway, best first. */
  readonly protocols: readonly [string, ...string[]];
  /** Settings without questions, telemetry or updates, and pointed at the gateway. Paths are relative to the home. */
  readonly files: (place: ProductPlace) => readonly SandboxFile[];
  readonly environment: (place: ProductPlace) => Readonly<Record<string, string>>;
  /** How it runs one task to its end; `terminal`: how a person would sit in front of it. */
  readonly starts: {
    readonly headless: (task: ProductTask) => ProductStart;
    readonly terminal?: (task: ProductTask) => ProductStart;
    /** For a client of the Agent Client Protocol. */
    readonly acp?: (task: ProductTask) => ProductStart;
  };
  /** How it goes on with its last session, in the same two ways. Absent if it cannot. */
  readonly resumes?: Omit<FoundProduct['starts'], 'acp'>;
  /** Tells its own tools from names that the gateway sees, and turns a shell command into a call of one. */
  readonly tools: ProductTools;
  /** Ways to stop it besides those that every program has. The documented way first. */
  readonly stops: readonly ProductStop[];
  /** Hosts that it asks for besides the gateway, in spite of its settings. Default: none. */
  readonly knownHosts?: readonly string[];
  /** Its own session log in the home. Null if it has none that can be read. */
  readonly sessionLog: SessionLogPlace | null;
  /** Paths in the home that a resumed session reads. */
  readonly memory?: readonly string[];
}

export interface ProductPlace {
  /** `http://127.0.0.1:8484` in the machine. */
  readonly gateway: string;
  /** A made-up key. The real one stays outside. */
  readonly key: string;
  /** The model's name as the product will ask for it. */
  readonly model: string;
  /** Address of the MCP server with the scenario's tools; null if there are none. */
  readonly mcp: string | null;
  readonly home: string;
}

export interface ProductTask {
  readonly place: ProductPlace;
  readonly prompt: string;
  /** Null for none; appended to the product's own. */
  readonly system: string | null;
}

export interface ProductStart {
  /** Path in the machine, and arguments. */
  readonly program: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  /** Typed once it waits for input. */
  readonly types?: readonly string[];
  /** The Agent Client Protocol on its input and output. */
  readonly speaks?: 'acp';
}

export interface ProductTools {
  /** The shell command of a call, or null if the call runs none. `input` is the parsed JSON. */
  readonly commandOf: (tool: string, input: unknown) => string | null;
  /** A call that runs this command line for as long as it takes. Null if none of these tools can. */
  readonly callFor: (
    command: string,
    tools: readonly ToolSpec[],
  ) => { readonly tool: string; readonly input: Record<string, unknown> } | null;
  /** The name under which the product offers a tool of the MCP server `offswitch`. */
  readonly mcpName: (tool: string) => string;
}

/** The same names for every product, so that drills can compare them. */
export const PRODUCT_STOPS = [
  'escape',
  'escape-twice',
  'ctrl-c',
  'ctrl-c-twice',
  'stop-command',
  'exit-command',
  'acp-cancel',
] as const;

/** How a person stops it. */
export interface ProductStop {
  readonly name: (typeof PRODUCT_STOPS)[number];
  readonly in: Front;
  /** What it does, in one sentence; and where the vendor documents it: an address, or a file of its package. */
  readonly says: string;
  readonly source?: string;
  /** Keys to type, with pauses in milliseconds between them; or a request of the Agent Client Protocol. */
  readonly does: readonly (string | number)[] | 'acp-cancel';
}
