# fish completion of ecrp.
# To use it: ecrp completion fish > ~/.config/fish/completions/ecrp.fish
function __ecrp_complete
    set -l words (commandline -opc)
    set -l current (string unescape -- (commandline -ct))
    set -l program $words[1]
    set -e words[1]
    set -l lines ($program __complete -- $words "$current" 2>/dev/null)
    set -l directive $lines[1]
    set -e lines[1]
    if test "$directive" = files
        set -l option (string match -r -- '^--[^=]+=' "$current")
        for path in (__fish_complete_path (string replace -- "$option" '' "$current"))
            echo "$option$path"
        end
        return
    end
    printf '%s\n' $lines
end
complete -c ecrp -f -a '(__ecrp_complete)'
