# Shared by the scripts of this folder that measure; read by them, not run. They set $work, a folder for models and logs.

fail() {
    echo "$1" >&2
    [ ! -s "$work/log" ] || tail -5 "$work/log" >&2
    exit 1
}

# file NAME COMMAND ...: runs the command, which writes $work/NAME, unless that is there from a whole run.
file() {
    done=$work/$1.done
    shift
    [ -e "$done" ] || { "$@" >"$work/log" 2>&1 && : >"$done"; } || fail "this failed: $*"
}

# source_folder SHAPE: the checkpoint of random weights, $work/SHAPE.
source_folder() {
    file "$1" "$root/tests/bench/synthetic" "$1" "$work/$1"
}

# with_text SHAPE: the checkpoint as $work/SHAPE-text, with a tokenizer.
with_text() {
    source_folder "$1"
    mkdir -p "$work/$1-text"
    # Only weights may be links to another folder, and only as a single file.
    for part in "$work/$1"/*; do
        case $part in
            *.safetensors) ln -sf "$(readlink -f "$part")" "$work/$1-text/" ;;
            *) cp --remove-destination "$part" "$work/$1-text/" ;;
        esac
    done
    cp "$root/golden-outputs/tokenizers/qwen/tokenizer.json" "$root/golden-outputs/tokenizers/qwen/tokenizer_config.json" \
        "$work/$1-text/"
}

# quantized SHAPE TYPE: the model as $work/SHAPE-TYPE.ingot and, with the same numbers, as .gguf.
quantized() {
    source_folder "$1"
    file "$1-$2.ingot" "$root/ingot" convert "$work/$1" -o "$work/$1-$2.ingot" --type "$2" --force
    file "$1-$2.gguf" "$root/ingot" export "$work/$1-$2.ingot" --to gguf -o "$work/$1-$2.gguf" --force
}

# seconds COMMAND ...: prints its wall clock and processor seconds; what it says goes to $work/log.
seconds() {
    sh -c '
        log=$1; shift
        begin=$(date +%s.%N)
        "$@" >"$log" 2>&1 || exit 1
        end=$(date +%s.%N)
        # Not into a pipe: a shell of its own has no children yet.
        times >"$log.times"
        LC_ALL=C awk -v b="$begin" -v e="$end" "
            NR == 2 { for (i = 1; i <= 2; i++) { split(\$i, t, /[ms]/); cpu += 60 * t[1] + t[2] } printf \"%.3f %.3f\\n\", e - b, cpu }" \
            "$log.times"
    ' seconds "$work/log" "$@" || fail "this failed: $*"
}

# ratios PEER [DECIMALS] <LINES: from lines "MODEL TEST WHO VALUE", in the order of their rounds, a table of the medians
# and of the medians of the ratios that the values of a round have to the peer's.
ratios() {
    LC_ALL=C awk -v peer="$1" -v format=" %.${2:-1}f |" '
        { key = $1 " " $2; if (!(key in seen)) { seen[key] = 1; order[++keys] = key }
          if (!($3 in who)) { who[$3] = 1; names[++n] = $3 }
          value[key, $3, ++count[key, $3]] = $4 }
        function median(key, name, base,    a, c, i, j, t) {
            c = count[key, name]
            for (i = 1; i <= c; i++) a[i] = base == "" ? value[key, name, i] : value[key, name, i] / value[key, base, i]
            for (i = 2; i <= c; i++) for (j = i; j > 1 && a[j] < a[j - 1]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
            return c % 2 ? a[(c + 1) / 2] : (a[c / 2] + a[c / 2 + 1]) / 2
        }
        function cell(key, name, base, format) {
            return count[key, name] && (base == "" || count[key, base]) ? sprintf(format, median(key, name, base)) : " |"
        }
        END {
            line = "| model | test |"; rule = "|---|---|"
            for (i = 1; i <= n; i++) { line = line " " names[i] " |"; rule = rule "---|" }
            for (i = 1; i <= n; i++) if (names[i] != peer && who[peer]) { line = line " " names[i] " ÷ " peer " |"; rule = rule "---|" }
            print line; print rule
            for (k = 1; k <= keys; k++) {
                split(order[k], part, " "); line = "| " part[1] " | " part[2] " |"
                for (i = 1; i <= n; i++) line = line cell(order[k], names[i], "", format)
                for (i = 1; i <= n; i++) if (names[i] != peer && who[peer]) line = line cell(order[k], names[i], peer, " %.2f |")
                print line
            }
        }'
}
