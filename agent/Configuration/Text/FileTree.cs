using System.Text.Json;

namespace Sluice.Agent.Configuration;

/// <summary>
/// Reads JSON with comments and trailing commas into nodes that know their line. It never throws on what stands in the
/// file: where the text cannot be read on, that is one problem, and what was read before it is kept and checked, so
/// that a forgotten comma does not hide nine other mistakes.
/// </summary>
internal static class FileTree
{
    private const int DepthMax = 32;

    public static FileNode? Read(ReadOnlySpan<byte> utf8, ProblemList problems)
    {
        var bytes = TextFile.WithoutMark(utf8);
        if (TextFile.Unreadable(bytes) is { } unreadable)
        {
            problems.Error(unreadable.Line, 0, "", unreadable.Sentence);
            return null;
        }

        var builder = new Builder(bytes);
        try
        {
            builder.ReadAll();
        }
        catch (JsonException mistake)
        {
            // The reader counts lines and bytes from 0.
            var line = (int)(mistake.LineNumber ?? 0) + 1;
            var column = ColumnOf(bytes, line, (int)(mistake.BytePositionInLine ?? 0));
            problems.Error(line, column, "", Explain(mistake.Message));
        }
        catch (InvalidOperationException)
        {
            // Utf8JsonReader.GetString: an escape such as \ud800 that is only half a character.
            problems.Error(
                builder.Line, builder.Column, "", "holds an escape (\\u…) that is not a character: write the "
                    + "character.");
        }

        return builder.Root;
    }

    /// <summary>The column, in characters from 1, of a byte of a line.</summary>
    private static int ColumnOf(ReadOnlySpan<byte> bytes, int line, int byteInLine)
    {
        for (var skipped = 1; skipped < line; skipped++)
        {
            bytes = bytes[(bytes.IndexOf((byte)'\n') + 1)..];
        }

        return System.Text.Encoding.UTF8.GetCharCount(bytes[..Math.Min(byteInLine, bytes.Length)]) + 1;
    }

    private static string Explain(string message)
    {
        var tail = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var said = (tail < 0 ? message : message[..tail]).TrimEnd('.');
        if (said.Contains("does not contain any JSON tokens", StringComparison.Ordinal))
        {
            return "the file is empty: start from the example in docs/examples/gateway.json.";
        }

        if (said.Contains("depth to be zero", StringComparison.Ordinal)
            || said.Contains("end of data", StringComparison.OrdinalIgnoreCase))
        {
            return "the file ends too early: a closing \" or } or ] is missing, or it was not copied whole.";
        }

        // The reader quotes the file up to its end where it stumbles over a literal.
        return $"cannot be read from here on ({FileNode.Clip(said, 80)}): look for a comma, quote or bracket that is "
            + "missing or too many, "
            + "here or on the line before.";
    }

    private ref struct Builder
    {
        private readonly ReadOnlySpan<byte> bytes;
        private readonly Stack<FileNode> open = new();
        private Utf8JsonReader reader;
        private int counted;
        private (string Name, int Line, int Column)? name;

        public Builder(ReadOnlySpan<byte> bytes)
        {
            this.bytes = bytes;
            reader = new Utf8JsonReader(bytes, new JsonReaderOptions
            {
                AllowTrailingCommas = true,
                CommentHandling = JsonCommentHandling.Skip,
                MaxDepth = DepthMax,
            });
        }

        public FileNode? Root { get; private set; }

        public int Line { get; private set; } = 1;

        public int Column { get; private set; } = 1;

        public void ReadAll()
        {
            while (reader.Read())
            {
                MoveTo((int)reader.TokenStartIndex);
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        name = (reader.GetString()!, Line, Column);
                        break;
                    case JsonTokenType.StartObject:
                        Open(FileNodeKind.Object);
                        break;
                    case JsonTokenType.StartArray:
                        Open(FileNodeKind.List);
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        open.Pop().Complete = true;
                        break;
                    case JsonTokenType.String:
                        Put(new FileNode(FileNodeKind.Text, Line, Column) { Text = reader.GetString()! });
                        break;
                    default:
                        Put(new FileNode(KindOf(reader.TokenType), Line, Column) { Text = Raw() });
                        break;
                }
            }
        }

        private static FileNodeKind KindOf(JsonTokenType token) => token switch
        {
            JsonTokenType.Number => FileNodeKind.Number,
            JsonTokenType.Null => FileNodeKind.Null,
            _ => FileNodeKind.TrueFalse,
        };

        private readonly string Raw() => System.Text.Encoding.UTF8.GetString(reader.ValueSpan);

        private void Open(FileNodeKind kind)
        {
            var node = new FileNode(kind, Line, Column) { Complete = false };
            Put(node);
            open.Push(node);
        }

        private void Put(FileNode node)
        {
            if (open.Count == 0)
            {
                Root ??= node;
            }
            else if (name is { } key)
            {
                open.Peek().Add(new FileMember(key.Name, key.Line, key.Column, node));
                name = null;
            }
            else
            {
                open.Peek().Add(node);
            }
        }

        private void MoveTo(int offset)
        {
            for (; counted < offset; counted++)
            {
                // Columns count characters: bytes that continue one do not.
                var step = (bytes[counted] & 0xC0) == 0x80 ? 0 : 1;
                (Line, Column) = bytes[counted] == (byte)'\n' ? (Line + 1, 1) : (Line, Column + step);
            }
        }
    }
}
