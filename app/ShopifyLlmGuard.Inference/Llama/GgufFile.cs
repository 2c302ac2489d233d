using System.Buffers.Binary;
using System.Text;
using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// Reads a GGUF header before llama.cpp does, for the mistakes that llama.cpp loads in silence or answers by ending
/// the process: special token ids outside the vocabulary, arrays of unequal length, weights that lie outside the file.
/// </summary>
internal sealed class GgufFile : IDisposable
{
    private const int MostEntries = 1 << 16;
    private const int LongestText = 1 << 24;

    private readonly BinaryReader _reader;
    private readonly long _length;
    private readonly Dictionary<string, long> _numbers = [];
    private readonly Dictionary<string, long> _counts = [];
    private string? _template;

    private GgufFile(Stream stream)
    {
        _reader = new BinaryReader(stream, Encoding.UTF8);
        _length = stream.Length;
    }

    /// <summary>What a file is, and what it says about itself, of one reading: it may be another one a moment later.</summary>
    /// <exception cref="ModelLoadException">The file is missing, or not a GGUF file that can be served.</exception>
    public static ModelHeader Inspect(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw new ModelLoadException("it is a directory");
            }

            using var file = new GgufFile(File.OpenRead(path));
            file.Inspect();
            return new(ModelShape.Of(file._numbers, file._length), ModelLabel.Of(file._numbers, file._template));
        }
        catch (EndOfStreamException)
        {
            throw new ModelLoadException("it ends in the middle of its header");
        }
        catch (FileNotFoundException)
        {
            throw new ModelLoadException("there is no such file");
        }
        catch (DirectoryNotFoundException)
        {
            throw new ModelLoadException("there is no such file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ModelLoadException($"it cannot be read: {error.Message}");
        }
    }

    public void Dispose() => _reader.Dispose();

    private void Inspect()
    {
        if (_length < 4 || !_reader.ReadBytes(4).AsSpan().SequenceEqual("GGUF"u8))
        {
            throw new ModelLoadException("it is not a GGUF file");
        }

        var version = _reader.ReadUInt32();
        if (version is not (2 or 3))
        {
            throw new ModelLoadException($"it is a GGUF file of version {version}; versions 2 and 3 can be served");
        }

        var tensors = Count("tensors");
        var entries = Count("entries");
        for (var index = 0L; index < entries; index++)
        {
            ReadEntry();
        }

        CheckVocabulary();
        CheckTensors(tensors);
    }

    private long Count(string what)
    {
        var count = _reader.ReadInt64();
        return count is >= 0 and <= MostEntries ? count : throw new ModelLoadException($"its header counts {count} {what}");
    }

    private void ReadEntry()
    {
        var key = ReadText();
        var type = _reader.ReadUInt32();
        if (type != 9)
        {
            ReadValue(key, type);
            return;
        }

        var element = _reader.ReadUInt32();
        var count = _reader.ReadInt64();
        if (count < 0 || count > _length)
        {
            throw new ModelLoadException($"its entry '{key}' counts {count} values");
        }

        _counts[key] = count;
        if (element == 8)
        {
            for (var index = 0L; index < count; index++)
            {
                Skip(_reader.ReadInt64());
            }
        }
        else
        {
            Skip(count * SizeOf(key, element));
        }
    }

    private void ReadValue(string key, uint type)
    {
        if (type == 8)
        {
            var text = ReadText();
            _template = key == "tokenizer.chat_template" ? text : _template;
            return;
        }

        var bytes = new byte[8];
        _reader.BaseStream.ReadExactly(bytes, 0, SizeOf(key, type));
        // Floating-point entries are no ids; the rest are little-endian, and the unused bytes are zero.
        if (type is not (6 or 12))
        {
            _numbers[key] = type switch
            {
                1 => (sbyte)bytes[0],
                3 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
                5 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
                _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            };
        }
    }

    private void CheckVocabulary()
    {
        const string prefix = "tokenizer.ggml.";
        if (!_counts.TryGetValue(prefix + "tokens", out var size) || size == 0)
        {
            throw new ModelLoadException("it has no vocabulary");
        }

        foreach (var (key, id) in _numbers)
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal) && key.EndsWith("_token_id", StringComparison.Ordinal)
                && (id < 0 || id >= size))
            {
                throw new ModelLoadException($"its entry '{key}' is {id}, outside the vocabulary of {size} tokens");
            }
        }

        foreach (var list in new[] { "scores", "token_type" })
        {
            if (_counts.TryGetValue(prefix + list, out var count) && count != size)
            {
                throw new ModelLoadException($"it has {size} tokens but {count} values of '{prefix}{list}'");
            }
        }
    }

    private void CheckTensors(long count)
    {
        var last = 0L;
        for (var index = 0L; index < count; index++)
        {
            var name = ReadText();
            var dimensions = _reader.ReadUInt32();
            if (dimensions is 0 or > 4)
            {
                throw new ModelLoadException($"its tensor '{name}' has {dimensions} dimensions");
            }

            for (var dimension = 0; dimension < dimensions; dimension++)
            {
                if (_reader.ReadInt64() < 1)
                {
                    throw new ModelLoadException($"its tensor '{name}' has an impossible shape");
                }
            }

            _ = _reader.ReadUInt32();
            last = Math.Max(last, _reader.ReadInt64() is var offset and >= 0 ? offset : long.MaxValue);
        }

        if (last >= _length - _reader.BaseStream.Position)
        {
            throw new ModelLoadException("its weights end before they should; the file is incomplete");
        }
    }

    private string ReadText()
    {
        var length = _reader.ReadInt64();
        if (length is < 0 or > LongestText || length > _length - _reader.BaseStream.Position)
        {
            throw new ModelLoadException("it ends in the middle of its header");
        }

        return Encoding.UTF8.GetString(_reader.ReadBytes((int)length));
    }

    private void Skip(long bytes)
    {
        if (bytes < 0 || bytes > _length - _reader.BaseStream.Position)
        {
            throw new ModelLoadException("it ends in the middle of its header");
        }

        _reader.BaseStream.Seek(bytes, SeekOrigin.Current);
    }

    private static int SizeOf(string key, uint type) => type switch
    {
        0 or 1 or 7 => 1,
        2 or 3 => 2,
        4 or 5 or 6 => 4,
        10 or 11 or 12 => 8,
        _ => throw new ModelLoadException($"its entry '{key}' has the unknown type {type}"),
    };
}
