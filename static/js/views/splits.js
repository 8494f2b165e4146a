// The edges between the panels of a run's page.

import { splitter } from "./split.js";

/**
 * @param {HTMLElement} root
 * @param {import("./timeline.js").TimelineView} timeline
 * @param {HTMLElement} details
 * @param {HTMLElement} events
 */
export function split(root, timeline, details, events) {
  const room = { least: 220, changed: () => timeline.resize() };
  details.before(
    splitter(root, {
      ...room,
      name: "details",
      label: "Width of the details",
      property: "--details",
      initial: 460,
      vertical: true,
      towards: -1,
      least: 280,
      most: () => innerWidth - 620,
    }),
  );
  timeline.root.append(
    splitter(root, {
      ...room,
      name: "names",
      label: "Width of the names",
      property: "--names",
      initial: () => timeline.namesWidth,
      vertical: true,
      towards: 1,
      least: 140,
      most: () => innerWidth * 0.4,
    }),
  );
  events.before(
    splitter(root, {
      ...room,
      name: "events",
      label: "Height of the event log",
      property: "--events",
      initial: 200,
      vertical: false,
      towards: -1,
      least: 80,
      most: () => innerHeight - 320,
    }),
  );
}
