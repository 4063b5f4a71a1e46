# SPDX-License-Identifier: Apache-2.0
# bash completion for offpeak: commands, their options as --help lists them, jobs and nodes as the scheduler knows them.

_offpeak_options() {
        "$1" "$2" --help 2>/dev/null | sed -n 's/^  \(-[A-Za-z], \)\{0,1\} *\(--[a-z-]*\).*/\2/p'
}

_offpeak_ids() {
        "$1" jobs --json --timeout 2s 2>/dev/null | sed -n 's/^      "id": \([0-9]*\),$/\1/p'
}

_offpeak_nodes() {
        "$1" nodes --json --timeout 2s 2>/dev/null | sed -n 's/^      "name": "\(.*\)",$/\1/p'
}

# Is the present word part of a list behind --dependency? bash breaks words at colons.
_offpeak_in_dependency() {
        local i
        for ((i = COMP_CWORD - 1; i > 1; i--)); do
                case ${COMP_WORDS[i]} in
                --dependency | -d) return 0 ;;
                = | : | afterok | afterany | [0-9]*) ;;
                *) return 1 ;;
                esac
        done
        return 1
}

_offpeak_dependency() {
        local before=${COMP_WORDS[COMP_CWORD - 1]} word=$2
        [ "$word" = : ] && word= before=:
        if [ "$before" = : ]; then
                mapfile -t COMPREPLY < <(compgen -W "$(_offpeak_ids "$1")" -- "$word")
        else
                mapfile -t COMPREPLY < <(compgen -W "afterok: afterany:" -- "${word#=}")
                compopt -o nospace
        fi
}

_offpeak() {
        local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} i
        COMPREPLY=()
        if [ "$COMP_CWORD" -eq 1 ]; then
                mapfile -t COMPREPLY < <(compgen -W "$("$program" help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') help" -- "$word")
                return
        fi
        for ((i = 2; i < COMP_CWORD; i++)); do
                [ "${COMP_WORDS[i]}" = -- ] && { compopt -o default; return; }
        done
        if [[ $word == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$(_offpeak_options "$program" "$command")" -- "$word")
                return
        fi
        if [ "$command" = estimate ] && [ "${COMP_WORDS[COMP_CWORD - 1]}" = --objective ]; then
                mapfile -t COMPREPLY < <(compgen -W "cost carbon" -- "$word")
                return
        fi
        if [ "$command" = submit ] && [ "${COMP_WORDS[COMP_CWORD - 1]}" = --launcher ]; then
                mapfile -t COMPREPLY < <(compgen -W "node gpu head" -- "$word")
                return
        fi
        if [ "$command" = simulate ]; then
                case ${COMP_WORDS[COMP_CWORD - 1]} in
                --objective) mapfile -t COMPREPLY < <(compgen -W "cost carbon both" -- "$word"); return ;;
                --forecast) mapfile -t COMPREPLY < <(compgen -W "perfect model noise:0.05" -- "$word"); return ;;
                -p | --policy)
                        mapfile -t COMPREPLY < <(compgen -W "offpeak run-now oracle threshold:30% cheapest-window wait-awhile carbon-time" -- "$word")
                        return
                        ;;
                esac
        fi
        if [ "$command" = assess ]; then
                case ${COMP_WORDS[COMP_CWORD - 1]} in
                --add)
                        mapfile -t COMPREPLY < <(compgen -W "reactor= ppa= solar= limit= battery=" -- "$word")
                        compopt -o nospace
                        return
                        ;;
                --policy | -p)
                        mapfile -t COMPREPLY < <(compgen -W "oracle offpeak run-now wait-awhile carbon-time cheapest-window" -- "$word")
                        return
                        ;;
                esac
        fi
        if [ "$command" = submit ] && _offpeak_in_dependency; then
                _offpeak_dependency "$program" "$word"
                return
        fi
        case $command in
        show | explain | profile | logs | cancel | hold | release | pin | unpin)
                mapfile -t COMPREPLY < <(compgen -W "$(_offpeak_ids "$program")" -- "$word")
                ;;
        fence | drain | resume)
                mapfile -t COMPREPLY < <(compgen -W "$(_offpeak_nodes "$program")" -- "$word")
                ;;
        push)
                if [ "$COMP_CWORD" -eq 2 ]; then
                        mapfile -t COMPREPLY < <(compgen -W "price carbon capacity limit export solar ppa stored" -- "$word")
                else
                        compopt -o default
                fi
                ;;
        policy)
                if [ "$COMP_CWORD" -eq 2 ]; then
                        mapfile -t COMPREPLY < <(compgen -W "check show diff try" -- "$word")
                else
                        compopt -o default
                fi
                ;;
        *)
                compopt -o default
                ;;
        esac
}

complete -F _offpeak offpeak
