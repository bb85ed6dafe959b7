/** The Erlang that takes a change of files back. */

import { Script } from "../../otp/index.ts";

/** Puts \`Backup\` in the place of \`Path\`; without one deletes what is there, a folder with all in it. What is gone already is as wished. */
export const BACK: Script = new Script({
  name: "release_back",
  bindings: ["Path", "Backup"],
  source: `
case Backup of
    none -> case filelib:is_dir(Path) andalso element(1, file:read_link(Path)) =:= error of
        true -> file:del_dir_r(Path);
        false -> case file:delete(Path) of {error, enoent} -> ok; Deleted -> Deleted end
    end;
    _ -> file:rename(Backup, Path)
end`,
});
