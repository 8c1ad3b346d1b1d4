# bash completion of ecrp, for bash 3.2 and later, with or without the package bash-completion.
# To use it, add to ~/.bashrc: source <(ecrp completion bash)
_ecrp() {
  local program=$1 rest=$COMP_LINE word trimmed value directive='' breaks prefix=''
  local words=() count=0 i
  COMPREPLY=()
  # Bash breaks words at the characters of COMP_WORDBREAKS, such as the colon of app:1.0. Those without a space between them belong together.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    if [ "$i" -gt 0 ] && [ "$trimmed" = "$rest" ]; then
      words[count - 1]+=$word
    else
      words[count]=$word
      count=$((count + 1))
    fi
    rest=${trimmed#"$word"}
  done
  for ((i = 1; i < count; i++)); do
    words[i]=${words[i]//[\\\"\']/}
  done
  word=${words[count - 1]}
  breaks=${COMP_WORDBREAKS//[!:=@]/}
  [ -z "$breaks" ] || prefix=${word%"${word##*[$breaks]}"}
  while IFS=$'\t' read -r value _; do
    if [ -z "$directive" ]; then
      directive=$value
    else
      printf -v value %q "${value#"$prefix"}"
      COMPREPLY+=("$value")
    fi
  done < <("$program" __complete -- "${words[@]:1}" 2>/dev/null)
  # Without values, bash itself completes paths, with all their quoting.
  [ "$directive" = files ] || compopt +o default 2>/dev/null
  [ "$directive" != nospace ] || compopt -o nospace 2>/dev/null
  return 0
}
complete -o default -F _ecrp ecrp
