using ShopifyLlmGuard.DemoModel;

return new Commands(args).Run();
