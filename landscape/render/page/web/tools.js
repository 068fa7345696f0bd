// What accompanies the panels, each in a file of its own. A tool has functions for what happens on the
// page: built (the panels are new), drawn (all is drawn anew), placed (positions in the plots may have
// changed), turned (the camera moved), changed (the reader pinned or cut), wired (a plot is there to be
// pointed at).

const tools = [];

function tell(what, ...given) {
  for (const tool of tools) if (tool[what]) tool[what](...given);
}
