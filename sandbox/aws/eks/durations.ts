/** How long AWS takes, in AWS seconds: typical figures, see the AWS user guide's "several minutes". */
export const AWS_SECONDS = {
  createCluster: 9 * 60,
  deleteCluster: 3 * 60,
  updateCluster: 2 * 60,
  createNodeGroup: 3 * 60,
  deleteNodeGroup: 2 * 60,
  createAddon: 90,
  deleteAddon: 30,
} as const;
