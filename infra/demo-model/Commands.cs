using System.Diagnostics;
using ShopifyLlmGuard.DemoModel.Checks;
using ShopifyLlmGuard.DemoModel.Model;
using ShopifyLlmGuard.DemoModel.Text;
using ShopifyLlmGuard.DemoModel.Tokens;
using ShopifyLlmGuard.Llm;
using TorchSharp;

namespace ShopifyLlmGuard.DemoModel;

/// <summary>The verbs of the command line; options are <c>--name value</c>.</summary>
internal sealed class Commands(string[] args)
{
    private const int Vocabulary = 2048;

    private readonly string root = FindRoot();

    private string Home => Path.Combine(root, "infra", "demo-model");

    /// <summary>Where a run keeps its checkpoint and its exports; git ignores it.</summary>
    private string Folder => Path.Combine(root, ".data", "demo-model", Option("run", "final"));

    private string ShopFile => Path.Combine(root, "tests", "ShopifyLlmGuard.Simulator", "Shop", "products.json");

    public int Run()
    {
        Directory.CreateDirectory(Folder);
        switch (args.FirstOrDefault())
        {
            case "generate": Generate(); return 0;
            case "train": Train(); return 0;
            case "export": Export(); return 0;
            case "check": Check(); return 0;
            case "unseen": return CheckUnseen();
            case "ask": Ask(args[1]); return 0;
            default:
                Console.Error.WriteLine("usage: generate | train | export | check | unseen | ask QUESTION");
                return 2;
        }
    }

    /// <summary>Every second product of the demo shop may be read in training; the others are kept for the check.</summary>
    private List<Item> SeenShop() => [.. World.Shop(ShopFile).Where((_, index) => index % 2 == 0)];

    private void Generate()
    {
        var random = new Random(Option("seed", 1));
        var shelf = new Shelf(random, SeenShop());
        var texts = new List<string>();
        for (var i = 0; i < 6000; i++)
        {
            var items = shelf.List(4);
            var exchange = random.Chance(0.1) ? SmallTalk.Next(random) : new Questions(random, items, 0.3).Next();
            texts.Add(Chat.ChatPrompt.System("Carewell", [.. items.Select(item => item.Prompt)]));
            texts.Add($"{exchange.Question}\n{exchange.Answer}");
            texts.Add(Reasons.For(shelf.List(1)[0], items));
        }

        var tokenizer = Tokenizer.Learn(texts, Vocabulary);
        tokenizer.Save(Path.Combine(Home, "tokenizer.json"));
        File.WriteAllText(Path.Combine(Folder, "sample.txt"), string.Join("\n\n", texts.Take(900)));
        var packs = new Packs(random, tokenizer, SeenShop(), Length, 0.3, 0.22);
        var rows = Enumerable.Range(0, 200).Select(_ => packs.Next(4)).ToList();
        File.WriteAllText(Path.Combine(Folder, "rows.txt"),
            string.Join("\n=====\n", rows.Take(30).Select(row => tokenizer.Decode(row.Ids))));
        Console.WriteLine($"tokens per row {rows.Average(row => row.Ids.Count):f0}, "
            + $"conversations {rows.Average(row => row.Branches.Max()):f1}, "
            + $"shared part {rows.Average(row => row.Branches.Count(branch => branch == 0)):f0}, "
            + $"predicted {rows.Average(row => row.Weights.Count(weight => weight > 0)):f0}");
    }

    private int Length => Option("length", 512);

    private void Train()
    {
        using (var self = Process.GetCurrentProcess())
        {
            self.PriorityClass = ProcessPriorityClass.Idle;
        }

        torch.set_num_threads(2);
        var plan = new Plan(Option("seed", 1), Option("steps", 2500), Option("rows", 8), Length,
            Option("matrix-rate", 0.03), Option("other-rate", 0.02), Option("recommendations", 0.22));
        new Trainer(NewModel(), plan, LoadTokenizer(), SeenShop(), Folder).Run();
    }

    private void Export()
    {
        var model = NewModel();
        var step = Checkpoint.Load(Path.Combine(Folder, "checkpoint.bin"), model.Weights);
        foreach (var type in Enum.GetValues<GgufType>())
        {
            var path = ModelFile(type);
            Gguf.Write(path, model, LoadTokenizer(), type);
            Console.WriteLine($"{path}: step {step}, {new FileInfo(path).Length / 1e6:f1} MB");
        }
    }

    private void Check()
    {
        var shop = new Retrieval(ShopFile);
        var trained = NewModel();
        Checkpoint.Load(Path.Combine(Folder, "checkpoint.bin"), trained.Weights);
        foreach (var type in Enum.GetValues<GgufType>())
        {
            using var exported = new ExportedModel(ModelFile(type), LoadTokenizer());
            var (same, asked) = Agreement.Count(trained, exported, Report.Prompts(shop, HeldOut.Questions));
            Report.Row($"{type}: tokens as the trainer chooses them", same, asked);
        }

        using var model = new ExportedModel(Option("model", ModelFile(GgufType.Q8)), LoadTokenizer());
        Report.Write(new Quality(model, LoadTokenizer(), shop), shop, HeldOut.Questions);
    }

    /// <summary>First makes sure that the questions are unseen: exit code 1 when training read one, its wording or its product's name.</summary>
    private int CheckUnseen()
    {
        var shop = new Retrieval(ShopFile);
        var items = World.Shop(ShopFile);
        var questions = new Unseen(items, shop.Products).Questions();
        var (conversations, occurred) = new Replay(LoadTokenizer(), SeenShop(), Length).LookFor(
            [.. questions.Select(asked => asked.Question), .. questions.Select(asked => asked.Wording),
                .. items.Where((_, index) => index % 2 == 1).Select(item => item.Prompt.Title)]);
        Console.WriteLine($"{questions.Count} questions; {conversations} conversations of the training read again; "
            + $"occurred in them: {(occurred.Count == 0 ? "nothing" : string.Join("; ", occurred))}");
        if (occurred.Count > 0)
        {
            return 1;
        }

        using var model = new ExportedModel(Option("model", Path.Combine(Home, "carewell-demo.gguf")), LoadTokenizer());
        UnseenReport.Write(new Quality(model, LoadTokenizer(), shop), shop, questions);
        return 0;
    }

    private void Ask(string question)
    {
        var shop = new Retrieval(ShopFile);
        using var model = new ExportedModel(Option("model", Path.Combine(Home, "carewell-demo.gguf")), LoadTokenizer());
        var found = shop.Search(question);
        Console.WriteLine(PromptProduct.Render([.. found.Select(product => product.Prompt)]));
        Console.WriteLine(new Quality(model, LoadTokenizer(), shop).Ask(question, found).Answer);
    }

    private string ModelFile(GgufType type) => Path.Combine(Folder, $"carewell-demo-{type}.gguf".ToLowerInvariant());

    private Llama NewModel() => new(new Shape(Vocabulary, Option("width", 256), Option("layers", 4), Option("heads", 4),
        Option("hidden", 640), Context: 1024), Option("seed", 1));

    private Tokenizer LoadTokenizer() => Tokenizer.Load(Path.Combine(Home, "tokenizer.json"));

    private T Option<T>(string name, T otherwise)
        where T : IParsable<T>
    {
        var at = Array.IndexOf(args, "--" + name);
        return at < 0 ? otherwise : T.Parse(args[at + 1], null);
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ShopifyLlmGuard.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
