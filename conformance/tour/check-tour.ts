import { setTimeout as sleep } from 'node:timers/promises';
import { matches, normalised, type TourSection } from './read-tour.ts';
import type { TourShell } from './shell.ts';

/** The part of a tap test that is needed here. */
interface Checks {
  pass(message: string): unknown;
  same(found: unknown, wanted: unknown, message: string): unknown;
}

/** Commands that only look: they are tried again while what they show still comes. */
const looking = /^(kubectl (get|describe|logs|top|exec|rollout|auth|events)|curl|cat|tail|grep)\b/;
const patienceMs = 60_000;
const pauseMs = 250;

/** Runs each step of a document, one after the other, and compares what it prints. */
export async function checkSection(t: Checks, section: TourSection, shell: TourShell): Promise<void> {
  for (const { command, output } of section.steps) {
    const end = Date.now() + patienceMs;
    let lines = await shell.run(command);
    while (!matches(output, lines) && looking.test(command) && Date.now() < end) {
      await sleep(pauseMs);
      lines = await shell.run(command);
    }
    if (matches(output, lines)) t.pass(command);
    else t.same(lines.map(normalised), output.map(normalised), command);
  }
}
