#compdef ecrp
# zsh completion of ecrp.
# To use it, add to ~/.zshrc after compinit: source <(ecrp completion zsh)
_ecrp() {
  local line directive
  local -a lines described options
  lines=("${(@f)$("${words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  directive=${lines[1]}
  shift lines
  if [[ $directive == files ]]; then
    [[ $PREFIX == --*=* ]] && compset -P '*='
    _files
    return
  fi
  [[ $directive == nospace ]] && options=(-S '')
  for line in "${lines[@]}"; do
    described+=("${${line%%$'\t'*}//:/\\:}${${(M)line:#*$'\t'*}:+:${line#*$'\t'}}")
  done
  _describe ecrp described "${options[@]}"
}
if [[ ${funcstack[1]} == _ecrp ]]; then _ecrp "$@"; else compdef _ecrp ecrp; fi
