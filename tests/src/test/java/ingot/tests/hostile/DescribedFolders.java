package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.tests.quantized.QuantizedExamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** Right inputs of the targets of {@link FuzzFolders} whose input describes files, the smallest first. */
final class DescribedFolders {
    private DescribedFolders() {}

    /** Settings and tensors of a folder; tensors of more than {@code most} bytes by their first values. */
    private static byte[] describe(Path folder, int most) throws IOException {
        ObjectNode described = Json.object();
        described.set("config", Json.readObject(folder.resolve("config.json"), JsonBound.CONFIG));
        return tensors(described, folder.resolve("model.safetensors"), most);
    }

    private static byte[] tensors(ObjectNode described, Path file, int most) {
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            described.set("tensors", DescribedTensors.describe(open, most));
        }
        return Json.compact(described).getBytes(UTF_8);
    }

    /** A model of one layer, and the recorded checkpoints that are one file. */
    static List<byte[]> models(Path root, Path work) throws IOException {
        List<byte[]> all = new ArrayList<>();
        all.add(describe(new TinyModel().write(Files.createDirectories(work.resolve("described"))), 8));
        for (Path folder : checkpoints(root)) {
            if (Files.exists(folder.resolve("model.safetensors"))) {
                all.add(describe(folder, 8));
            }
        }
        return all;
    }

    /** One module by each method. */
    static List<byte[]> quantized(Path work) throws IOException {
        List<byte[]> all = new ArrayList<>();
        for (Path folder : QuantizedExamples.write(Files.createDirectories(work.resolve("methods")))) {
            all.add(describe(folder, 1024));
        }
        return all;
    }

    /** Two prompts, and the recorded files. */
    static List<byte[]> golden(Path root) throws IOException {
        List<byte[]> all = new ArrayList<>();
        all.add("""
                {"tensors":{"prompt.0.input_ids":["I64",[2],"01000000000000000200000000000000"],
                "prompt.0.logits":["F32",[2,3],"0000803f000000c0"],"prompt.0.greedy_ids":["I64",[1],""],
                "prompt.0.hidden.embed":["F32",[2,5],"0000803f"],"prompt.0.hidden.layer.0":["F32",[2,5],"00"],
                "prompt.0.hidden.final_norm":["F32",[2,5],"0000803f"],
                "prompt.1.input_ids":["I64",[1],""],"prompt.1.logits":["F32",[1,3],""],
                "prompt.1.greedy_ids_cached":["I64",[2],""]}}""".getBytes(UTF_8));
        for (Path folder : checkpoints(root)) {
            if (Files.exists(folder.resolve("golden.safetensors"))) {
                all.add(tensors(Json.object(), folder.resolve("golden.safetensors"), 256));
            }
        }
        return all;
    }

    /** Pairs for linear layers, a pair for the embedding, a tensor that is replaced: of {@link TinyModel}. */
    static List<byte[]> adapters() {
        String layer = "base_model.model.model.layers.0.";
        return List.of("""
                {"adapter_config":{"peft_type":"LORA","r":2,"lora_alpha":3,"use_rslora":true,"fan_in_fan_out":false,
                "rank_pattern":{"gate_proj":1},"alpha_pattern":{"mlp.gate_proj":0.5},"target_modules":["q_proj"],
                "init_lora_weights":"gaussian","bias":"none","use_dora":false,"loftq_config":{}},
                "tensors":{"%1$sself_attn.q_proj.lora_A.weight":["F32",[2,6],"0000803f"],
                "%1$sself_attn.q_proj.lora_B.weight":["BF16",[6,2],"803f"],
                "%1$smlp.gate_proj.lora_A.default.weight":["F16",[1,6],"003c"],
                "%1$smlp.gate_proj.lora_B.default.weight":["F32",[5,1],"0000003f"],
                "base_model.model.model.embed_tokens.lora_embedding_A":["F32",[2,7],"0000803f"],
                "base_model.model.model.embed_tokens.lora_embedding_B":["F32",[6,2],"0000803f"],
                "base_model.model.model.norm.modules_to_save.default.weight":["F32",[6],"0000803f"],
                "%1$smlp.up_proj.base_layer.weight":["BF16",[5,6],"803f"]}}""".formatted(layer).getBytes(UTF_8));
    }

    private static List<Path> checkpoints(Path root) throws IOException {
        try (Stream<Path> folders = Files.list(root.resolve("golden-outputs/checkpoints"))) {
            return folders.filter(Files::isDirectory).sorted().toList();
        }
    }
}
