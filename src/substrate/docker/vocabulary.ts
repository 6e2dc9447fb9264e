/**
 * Names that a lab's containers, its image and its Compose file share.
 * @module
 */

/** The image that nodes run from, unless another is asked for. */
export const IMAGE = 'callpath:local';

/** Environment variable that asks for another; the Compose file reads it too. */
export const IMAGE_VARIABLE = 'CALLPATH_IMAGE';

/** Labels: what a container says about itself, so that people find it, and so does a later lab. */
export const LABEL = {
  /** Id of the lab: all its containers carry it. */
  lab: 'callpath.lab',
  /** Name of the node. */
  node: 'callpath.node',
  /** Name of the node whose foreign image a container runs, beside the node's own container. */
  program: 'callpath.program',
  /** Process that answers for the lab: `PID:START`, START being its start in clock ticks since the machine's. */
  owner: 'callpath.owner',
} as const;

/**
 * Environment variable that tells a lab in a container that its nodes are there already: the value of their
 * {@link LABEL.lab}. Compose has started them, and ends them.
 */
export const COMPOSE_VARIABLE = 'CALLPATH_COMPOSE';
