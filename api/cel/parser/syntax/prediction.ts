import type { TokenType } from '../lexer.ts';
import { type Network, type State, startOf } from './network.ts';

/** What a parser calls and has not returned from: states to go on from, the innermost first. */
export interface Stack {
  readonly state: State;
  readonly below: Stack | undefined;
}

export interface Decision {
  readonly state: State;
  /** The loop of a left-recursive rule, with the precedence wanted of its steps. */
  readonly precedence?: number | undefined;
}

export type Prediction =
  | { readonly alternative: number }
  /** No alternative goes on; `ahead` is how many tokens were fine. */
  | { readonly alternative?: never; readonly ahead: number };

interface Config {
  readonly state: State;
  readonly alternative: number;
  readonly stack: Stack | undefined;
  /** Left the rule in which the decision is. */
  readonly outside: boolean;
}

interface Simulation {
  readonly network: Network;
  /** Whether stacks are whole; else an empty one stands for any. */
  readonly whole: boolean;
  /** Steps below this precedence are no choice; only where the decision begins. */
  readonly precedence: number | undefined;
}

/**
 * Which way to go at a decision, by as many tokens as it takes: first as if the rule could have been called from
 * anywhere, and only when that leaves a choice by what has really been called.
 */
export function predict(
  network: Network,
  decision: Decision,
  stack: Stack | undefined,
  peek: (ahead: number) => TokenType,
): Prediction {
  const simulation: Simulation = { network, whole: false, precedence: decision.precedence };
  let configs = startConfigs(simulation, decision.state, undefined);
  if (decision.precedence !== undefined) configs = withoutDoubleSteps(configs);
  for (let ahead = 0; ; ahead++) {
    const type = peek(ahead);
    const reached = advance(simulation, configs, type);
    if (reached.length === 0) return fallback(configs) ?? { ahead };
    const only = onlyAlternative(reached);
    if (only !== undefined) return { alternative: only };
    if (isConflict(reached)) return predictWhole(network, decision, stack, peek);
    configs = reached;
  }
}

function predictWhole(
  network: Network,
  decision: Decision,
  stack: Stack | undefined,
  peek: (ahead: number) => TokenType,
): Prediction {
  const simulation: Simulation = { network, whole: true, precedence: decision.precedence };
  let configs = startConfigs(simulation, decision.state, stack);
  for (let ahead = 0; ; ahead++) {
    const reached = advance(simulation, configs, peek(ahead));
    // Upstream blames the first token here, not the one that failed.
    if (reached.length === 0) return fallback(configs) ?? { ahead: 0 };
    const alternative = onlyAlternative(reached) ?? settled(reached);
    if (alternative !== undefined) return { alternative };
    configs = reached;
  }
}

function startConfigs(simulation: Simulation, state: State, stack: Stack | undefined): readonly Config[] {
  const configs = new ConfigSet();
  state.edges.forEach((edge, index) => {
    const config = { state: edge.target, alternative: index + 1, stack, outside: false };
    close(simulation, config, configs, { seen: new Set(), guarded: true });
  });
  return configs.list;
}

/** Leaving a left-recursive rule leads to the same steps in its caller: taking them here comes first. */
function withoutDoubleSteps(configs: readonly Config[]): readonly Config[] {
  const steps = new Set(configs.filter(({ alternative }) => alternative === 1).map((each) => placeOf(each)));
  return configs.filter((each) => each.alternative === 1 || !steps.has(placeOf(each)));
}

function advance(simulation: Simulation, configs: readonly Config[], type: TokenType): readonly Config[] {
  const moved = new ConfigSet();
  for (const config of configs) {
    for (const edge of config.state.edges) {
      if (edge.kind === 'token' && edge.types.includes(type)) {
        moved.add({ ...config, state: edge.target });
      }
    }
  }
  if (type !== '<EOF>' && onlyAlternative(moved.list) !== undefined) return moved.list;
  const closed = new ConfigSet();
  const seen = new Set<string>();
  for (const config of moved.list) {
    close(simulation, config, closed, { seen, guarded: false });
  }
  if (type !== '<EOF>') return closed.list;
  const stopped = configs.filter(({ state }) => state.kind === 'stop');
  const ended = closed.list.filter(({ state }) => state.kind === 'stop');
  return ended.length > 0 ? ended : stopped;
}

interface Closing {
  readonly seen: Set<string>;
  /** Still in the rule of the decision, without a token: there precedence counts. */
  readonly guarded: boolean;
}

/** All places that can be reached without a token. */
function close(simulation: Simulation, config: Config, into: ConfigSet, closing: Closing): void {
  const key = `${keyOf(config)} ${closing.guarded}`;
  if (closing.seen.has(key)) return;
  closing.seen.add(key);
  const { state, stack } = config;
  if (state.kind === 'stop') leaveRule(simulation, config, into, closing);
  if (state.edges.some(({ kind }) => kind === 'token')) into.add(config);
  for (const edge of state.edges) {
    switch (edge.kind) {
      case 'token':
        break;
      case 'rule': {
        const called = startOf(simulation.network, edge.rule);
        const calling = { ...config, state: called, stack: { state: edge.target, below: stack } };
        close(simulation, calling, into, { ...closing, guarded: false });
        break;
      }
      case 'precedence': {
        const wanted = closing.guarded ? simulation.precedence : undefined;
        if (wanted !== undefined && edge.precedence < wanted) break;
        close(simulation, { ...config, state: edge.target }, into, closing);
        break;
      }
      case 'epsilon':
        close(simulation, { ...config, state: edge.target }, into, closing);
    }
  }
}

function leaveRule(simulation: Simulation, config: Config, into: ConfigSet, closing: Closing): void {
  const { state, stack } = config;
  if (stack !== undefined) {
    close(simulation, { ...config, state: stack.state, stack: stack.below }, into, closing);
    return;
  }
  const rule = simulation.network.endOf.get(state);
  const follow = (rule && simulation.network.follow.get(rule)) ?? [];
  if (simulation.whole || follow.length === 0) into.add(config);
  if (simulation.whole) return;
  const outer = { ...closing, guarded: false };
  for (const next of follow) {
    close(simulation, { ...config, state: next, outside: true }, into, outer);
  }
}

function stackKey(stack: Stack | undefined): string {
  let key = '';
  for (let at = stack; at !== undefined; at = at.below) key += `${at.state.id},`;
  return key;
}

function placeOf({ state, stack }: Config): string {
  return `${state.id}:${stackKey(stack)}`;
}

function keyOf(config: Config): string {
  return `${config.alternative}:${placeOf(config)}:${config.outside}`;
}

class ConfigSet {
  readonly list: Config[] = [];
  readonly #keys = new Set<string>();

  add(config: Config): void {
    const key = keyOf(config);
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.list.push(config);
  }
}

function onlyAlternative(configs: readonly Config[]): number | undefined {
  const [first] = configs;
  const same = configs.every(({ alternative }) => alternative === first?.alternative);
  return same ? first?.alternative : undefined;
}

/** An alternative by which the rule is already behind counts as found; the error comes later then. */
function fallback(configs: readonly Config[]): Prediction | undefined {
  const alternatives = configs
    .filter(({ state, stack, outside }) => outside || (state.kind === 'stop' && stack === undefined))
    .map(({ alternative }) => alternative);
  return alternatives.length > 0 ? { alternative: Math.min(...alternatives) } : undefined;
}

/** Some place is reached by several alternatives, and none is reached by one alone. */
function isConflict(configs: readonly Config[]): boolean {
  if (configs.every(({ state }) => state.kind === 'stop')) return true;
  const byState = new Map<number, Map<number, Set<string>>>();
  for (const { state, alternative, stack } of configs) {
    const alternatives = byState.get(state.id) ?? new Map<number, Set<string>>();
    byState.set(state.id, alternatives);
    const stacks = alternatives.get(alternative) ?? new Set<string>();
    alternatives.set(alternative, stacks.add(stackKey(stack)));
  }
  const states = [...byState.values()];
  if (states.some((alternatives) => alternatives.size === 1)) return false;
  return states.some((alternatives) => {
    const contexts = [...alternatives.values()].map((stacks) => generalised(stacks));
    return new Set(contexts).size < contexts.length;
  });
}

/** A stack stands for all that begin like it. */
function generalised(stacks: ReadonlySet<string>): string {
  const kept = [...stacks].filter((stack) => ![...stacks].some((other) => other !== stack && stack.startsWith(other)));
  return kept.sort().join(';');
}

/** The first alternative of every place, when it is the same everywhere. */
function settled(configs: readonly Config[]): number | undefined {
  const first = new Map<string, number>();
  for (const config of configs) {
    const place = placeOf(config);
    first.set(place, Math.min(first.get(place) ?? config.alternative, config.alternative));
  }
  const alternatives = new Set(first.values());
  return alternatives.size === 1 ? [...alternatives][0] : undefined;
}
