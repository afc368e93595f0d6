/** Which part of a call is the file that it writes, moves or deletes; `run` hands a command to a shell. */
export type Verb =
  | 'first'
  | 'both'
  | 'second'
  | 'any'
  | 'open'
  | 'receiver'
  | 'replace'
  | 'open-receiver'
  | 'run'
  | 'kill';

/** Functions by their last name; those of modules also by the module, since `remove` of a list is no deed. */
export function verbOf(given: string): Verb | null {
  // `require('fs').unlinkSync(…)`: of modules, and no method of a path.
  const name = /^\.(\w+Sync|exec|spawn|execFile)$/.test(given) ? given.slice(1) : given;
  if (/^(os|posix)\.(remove|unlink|truncate|chmod|chown|lchmod|removedirs|rmdir|mkfifo|mknod)$/.test(name))
    return 'first';
  if (/^(os|shutil|posix)\.(rename|renames|replace|move)$/.test(name)) return 'both';
  if (/^(os|shutil|posix)\.(symlink|link|copy|copy2|copyfile|copymode|copystat|copytree)$/.test(name)) return 'second';
  if (/^shutil\.rmtree$|^fileinput\.(input|FileInput)$/.test(name)) return 'first';
  if (/^(os\.kill|process\.kill|Process\.kill|posix_kill)$/.test(name)) return 'kill';
  if (
    /^(os\.(system|popen|exec\w+|spawn\w+)|subprocess\.\w+|pty\.spawn|(\w+\.)?(execSync|spawnSync|execFileSync|exec|spawn|execFile|shell_exec|passthru|proc_open)|system|(\w+\.)?(Popen|check_output|check_call|run|call|getoutput))$/.test(
      name,
    )
  )
    return 'run';
  if (
    /^((io|codecs|os|gzip)\.)?(open|fopen)$|^(File|IO)\.(open|new)$|^fs\.(openSync|open|createWriteStream)$/.test(name)
  )
    return name.endsWith('Stream') ? 'first' : 'open';
  if (
    /(^|\.)(writeFile|appendFile|unlink|rm|rmdir|truncate|chmod|chown|lchown|utimes)(Sync)?$/.test(name) &&
    /^(fs|fsp|promises|\w*[fF]s\w*|require\(.*)|^\w+Sync$/.test(name)
  )
    return 'first';
  if (/(^|\.)(rename|renameSync)$/.test(name) && /fs|Sync|^rename$|^File\./.test(name)) return 'both';
  if (/(^|\.)(copyFile|copyFileSync|cpSync|symlink|symlinkSync|linkSync)$/.test(name)) return 'second';
  if (
    /^(File|FileUtils|IO|Pathname)\.(delete|unlink|write|binwrite|truncate|rm|rm_f|rm_rf|remove|remove_file)$|^file_put_contents$|^(remove|rmtree|truncate|unlink)$/.test(
      name,
    )
  )
    return 'first';
  if (/^(File|FileUtils)\.(rename|mv|move)$|^(move|rename|renames)$/.test(name)) return 'both';
  if (/^(File|FileUtils)\.(symlink|ln_s|ln_sf|cp|copy)$|^(symlink|copyfile|copy2)$/.test(name)) return 'second';
  if (/^(File|FileUtils)\.chmod$|^chmod$/.test(name)) return 'any';
  if (
    /(^|\.)(unlink|write_text|write_bytes|rename|chmod|lchmod|rmdir|symlink_to|hardlink_to|truncate|rmtree)$/.test(name)
  )
    return 'receiver';
  if (name.endsWith('.replace')) return 'replace';
  return name.endsWith('.open') ? 'open-receiver' : null;
}
